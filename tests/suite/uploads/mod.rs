//! Files: sent in bodies, kept in storages, named by columns.

mod bodies;
mod columns;

//! The black-box suite: one binary, a file a room.

mod layout;
mod lookups;
mod parity;
mod statements;
mod pagination;
mod routers;

//! The black-box suite: one binary, a file a room.

mod layout;
mod lookups;
mod pagination;
mod parity;
mod routers;
mod statements;

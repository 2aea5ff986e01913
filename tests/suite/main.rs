//! The black-box suite: one binary, a file a room.

mod layout;
mod parity;
mod statements;

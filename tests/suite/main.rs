//! The black-box suite: one binary, a file a room.

mod layout;
mod openapi;
mod parity;
mod statements;
mod swagger_ui;

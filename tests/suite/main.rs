//! The black-box suite: one binary, a file a room.

mod layout;
mod lookups;
mod openapi;
mod pagination;
mod parity;
mod routers;
mod statements;
mod swagger_ui;

//! The black-box suite: one binary, a file a room.

mod database;
mod errors;
mod jwt;
mod layout;
mod lookups;
mod openapi;
mod pagination;
mod parity;
mod races;
mod readme;
mod robustness;
mod routers;
mod statements;
mod swagger_ui;

//! The black-box suite: one binary, a file a room.

mod cors;
mod database;
mod errors;
mod jwt;
mod layout;
mod ledger;
mod lookups;
mod nesting;
mod openapi;
mod pagination;
mod parity;
mod passwords;
mod permissions;
mod races;
mod readme;
mod robustness;
mod routers;
mod saving;
mod security;
mod sessions;
mod statements;
mod swagger_ui;
mod throttling;
mod trees;
mod users;

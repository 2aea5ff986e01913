//! Accounts on Django's own tables (`django.contrib.auth`, `rest_framework.authtoken`).

mod models;

pub use models::{Group, GroupFields, Token, TokenFields, User, UserFields, group, token, user};

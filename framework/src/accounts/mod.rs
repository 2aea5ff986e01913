//! Views about accounts: what Django and DRF offer beside a project's own resources
//! (`rest_framework.authtoken.views`).

mod token;

pub use token::obtain_auth_token;

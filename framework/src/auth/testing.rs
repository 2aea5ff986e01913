//! Accounts for tests.

use super::User;
use crate::db::testing::localized;
use crate::db::{Conn, DateTime, Error};

/// An account that may do nothing and is not active.
pub(crate) fn user() -> User {
    User {
        id: 1,
        password: String::new(),
        last_login: None,
        is_superuser: false,
        username: String::new(),
        first_name: String::new(),
        last_name: String::new(),
        email: String::new(),
        is_staff: false,
        is_active: false,
        date_joined: DateTime::now(),
    }
}

/// Alice may view genres and, in the group of editors, change them; Bob is not active.
pub(crate) const TABLES: &str = r"
CREATE TEMPORARY TABLE auth_user (
    id {pk32}, password varchar(128) NOT NULL, last_login timestamptz, is_superuser bool NOT NULL,
    username varchar(150) NOT NULL UNIQUE, first_name varchar(150) NOT NULL,
    last_name varchar(150) NOT NULL, email varchar(254) NOT NULL, is_staff bool NOT NULL,
    is_active bool NOT NULL, date_joined timestamptz NOT NULL
);
CREATE TEMPORARY TABLE auth_group (id {pk32}, name varchar(150) NOT NULL UNIQUE);
CREATE TEMPORARY TABLE auth_user_groups (id {pk}, user_id integer NOT NULL, group_id integer NOT NULL);
CREATE TEMPORARY TABLE django_content_type (
    id {pk32}, app_label varchar(100) NOT NULL, model varchar(100) NOT NULL
);
CREATE TEMPORARY TABLE auth_permission (
    id {pk32}, name varchar(255) NOT NULL, content_type_id integer NOT NULL,
    codename varchar(100) NOT NULL
);
CREATE TEMPORARY TABLE auth_group_permissions (
    id {pk}, group_id integer NOT NULL, permission_id integer NOT NULL
);
CREATE TEMPORARY TABLE auth_user_user_permissions (
    id {pk}, user_id integer NOT NULL, permission_id integer NOT NULL
);
CREATE TEMPORARY TABLE authtoken_token (
    key varchar(40) PRIMARY KEY, created timestamptz NOT NULL, user_id integer NOT NULL UNIQUE
);
INSERT INTO auth_user (
    id, password, is_superuser, username, first_name, last_name, email, is_staff, is_active, date_joined
) VALUES
    (1, '', FALSE, 'alice', '', '', '', FALSE, TRUE, '2024-01-01 00:00:00'),
    (2, '', FALSE, 'bob', '', '', '', FALSE, FALSE, '2024-01-01 00:00:00');
INSERT INTO auth_group (id, name) VALUES (1, 'editors');
INSERT INTO auth_user_groups (user_id, group_id) VALUES (1, 1);
INSERT INTO django_content_type (id, app_label, model) VALUES (1, 'store', 'genre'), (2, 'other', 'genre');
INSERT INTO auth_permission (id, name, content_type_id, codename) VALUES
    (1, '', 1, 'view_genre'), (2, '', 1, 'change_genre'), (3, '', 2, 'delete_genre'),
    (4, '', 1, 'delete_genre');
INSERT INTO auth_user_user_permissions (user_id, permission_id) VALUES (1, 1), (1, 3);
INSERT INTO auth_group_permissions (group_id, permission_id) VALUES (1, 2);
INSERT INTO authtoken_token (key, created, user_id) VALUES
    ('a11ce', '2024-01-01 00:00:00', 1), ('b0b', '2024-01-01 00:00:00', 2);
";

/// Makes the tables of accounts, with a few of them.
pub(crate) async fn tables(conn: &Conn) -> Result<(), Error> {
    conn.batch_execute(&localized(conn.dialect(), TABLES)).await
}

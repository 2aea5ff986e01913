//! What the black-box tests share: scenarios of recorded requests and answers (`tests/parity`),
//! a player that sends them to an application, and the comparison of its answers.

pub mod compare;
pub mod replay;
pub mod scenario;

//! stub, being written
pub mod error;
pub mod record;

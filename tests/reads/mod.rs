//! What can be read, and what it costs.

mod at_once;
mod cost;
mod every_field;
mod paging;
mod people;
mod sessions;

//! Removing people, rule by rule, through the API.

mod reach;

//! The program from outside: its command line, HTTP, the first start, the sample organisation.

mod demo;
mod first_start;
mod http;
mod program;
mod readme;

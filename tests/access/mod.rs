//! Who may see what, and who may do what (the matrix of trust).

mod becoming;
mod matrix;
mod permission;
mod sight;

//! Who may see what, and who may do what (the matrix of trust).

mod hidden;
mod matrix;
mod permission;
mod sight;

//! Who may see what, and who may do what (the matrix of trust).

mod becoming;
mod canary;
mod hidden;
mod matrix;
mod order;
mod permission;
mod sight;

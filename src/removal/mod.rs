//! Taking people out.

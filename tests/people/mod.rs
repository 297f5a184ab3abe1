//! Creating and updating people, granting roles: R2, R3, R20, R22, R24, R34.

mod blanks;
mod create;
mod grant;
mod keys;
mod reserved;
mod update;

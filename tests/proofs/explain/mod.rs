//! No statement reads a whole large table: each is explained on 100,000 people, with values it was run with.
//!
//! Every statement has a name, which the sources are searched for ([`names`]). The API and the doors are run until each
//! was seen ([`reads`], [`writes`]) on a platform in which every table that grows is large ([`fill`], [`large`]). What
//! the database says of each is then read ([`plans`]), and nothing may be wrong with it that has no reason
//! ([`exceptions`]).

mod exceptions;
mod fill;
mod large;
mod names;
mod plans;
mod reads;
mod writes;

use large::Large;

use crate::common::Kind;

#[test]
fn on_sqlite() {
    explain(Kind::Sqlite);
}

#[test]
fn on_postgres() {
    explain(Kind::Postgres);
}

fn explain(kind: Kind) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let large = Large::new(kind).await;
        writes::everything(&large).await;
        // Now there are jobs and records of large removals to be read.
        reads::everything(&large).await;
        let mut wrong = exceptions::unseen(kind, &names::in_the_sources(), &large.names());
        wrong.extend(exceptions::wrong(kind, &plans::whole_tables(&large).await));
        large.forget().await;
        assert!(wrong.is_empty(), "{} things are wrong:\n{}", wrong.len(), wrong.join("\n"));
    });
}

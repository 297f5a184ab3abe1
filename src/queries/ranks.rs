//! Those who stand ready to succeed a main author or a main instructor (R10 to R12), by rank.

use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::Hash;
use std::marker::PhantomData;
use std::sync::Arc;

use sea_orm::TryGetable;

use super::users::User;
use super::{Batch, Reader, Row, Seen, all, columns, grouped};
use crate::db::sql::sql;
use crate::error::Error;

/// A table of who stands ready at which works.
pub trait Ranks: Debug + Send + Sync + 'static {
    /// The id of a work.
    type Work: TryGetable + Into<i64> + Copy + Debug + Eq + Hash + Send + Sync + 'static;

    /// The statement's name.
    const NAME: &'static str;
    /// The table.
    const TABLE: &'static str;
    /// Its column with the work.
    const WORK: &'static str;
}

/// Who stands ready at each of several works: rank and person, in order of rank.
#[derive(Debug)]
pub struct InLine<R>(PhantomData<R>);

impl<R: Ranks> Batch for InLine<R> {
    type Key = R::Work;
    type Value = Arc<Vec<(i32, Arc<User>)>>;

    async fn load(reader: &Reader, works: Vec<R::Work>) -> Result<HashMap<R::Work, Self::Value>, Error> {
        let seen = reader.sight().await?.filter(&[Seen::Person("u")]);
        let filter = seen.within(format!("a.{} in {{works}}", R::WORK), "works", works);
        let text = format!(
            "select a.{} as a_work, a.rank as a_rank, {} from {} a join users u on u.id = a.user_id
             where {} order by a.rank",
            R::WORK,
            columns::<User>("u"),
            R::TABLE,
            filter.text()
        );
        let rows = all(filter.bind(sql(R::NAME, text)), reader, |row| {
            let person = (row.try_get("", "a_rank")?, Arc::new(User::read(row, "u")?));
            Ok((row.try_get("", "a_work")?, person))
        })
        .await?;
        Ok(grouped(rows))
    }
}

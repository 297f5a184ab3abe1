//! Those who stand ready to succeed a main author or a main instructor (R10 to R12), by rank.

use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::Hash;
use std::marker::PhantomData;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::users::User;
use super::{Batch, Reader, Seen, Selected, all, grouped, select};
use crate::error::Error;

/// A table of who stands ready at which works.
pub trait Ranks: Debug + Send + Sync + 'static {
    /// The id of a work.
    type Work: DeserializeOwned + Into<i64> + Copy + Debug + Eq + Hash + Send + Sync + 'static;

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
        let person =
            Selected::<(i32, Arc<User>)>::several([Selected::value("a.rank"), User::selected("u").any()]);
        let value = Selected::<(R::Work, (i32, Arc<User>))>::several([
            Selected::value(format!("a.{}", R::WORK)),
            person.any(),
        ]);
        let rest = format!(
            "from {} a join users u on u.id = a.user_id where {} order by a.rank",
            R::TABLE,
            filter.text()
        );
        Ok(grouped(all(filter.bind(select(R::NAME, &value, &rest)), reader).await?))
    }
}

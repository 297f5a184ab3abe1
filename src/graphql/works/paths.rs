//! Making and changing paths.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object};

use super::{all, all_or_keep, one_or_keep};
use crate::error::Refusal;
use crate::graphql::domain::{self, payload};
use crate::graphql::error::ApiError;
use crate::graphql::id;
use crate::graphql::input::set;
use crate::graphql::path::Path;
use crate::graphql::thing::Thing;
use crate::paths::{self, NewPath, PathEdit};

/// A path to be made: courses in an order, which people go through in sessions.
#[derive(Clone, Debug, InputObject)]
pub struct CreatePathInput {
    /// What it is called: 1 to 200 characters.
    title: String,
    /// The group that is to own it. Its administrators may edit the path, and when the main author leaves without a
    /// co-author to follow, one of them takes it over (R11).
    group_id: ID,
    /// Who is to own it; you, if left out.
    main_author_id: Option<ID>,
    /// Who writes it with the main author, at most 100. Their order counts: the first follows a main author who leaves
    /// (R11). Naming somebody twice is as naming them once; the main author cannot be among them.
    co_author_ids: Option<Vec<ID>>,
    /// Its courses, in their order, at most 1,000; a course named twice stands where it was named first.
    course_ids: Option<Vec<ID>>,
    /// Your own word for this request, 8 to 200 characters: sent again, it gets the first answer and does nothing.
    idempotency_key: Option<String>,
}

/// What to change of a path. What is left out stays as it is.
#[derive(Clone, Debug, InputObject)]
pub struct UpdatePathInput {
    /// Which path.
    path_id: ID,
    /// What it is called: 1 to 200 characters.
    title: MaybeUndefined<String>,
    /// The group that is to own it. You need to be its administrator or author as well.
    group_id: MaybeUndefined<ID>,
    /// Who is to own it. A co-author who becomes main author stops being listed as co-author; the former main author
    /// is not listed unless `coAuthorIds` says so.
    main_author_id: MaybeUndefined<ID>,
    /// Who writes it with the main author, in order, at most 100: the whole list, in place of the former one. Null
    /// means nobody.
    co_author_ids: MaybeUndefined<Vec<ID>>,
    /// Its courses, in their order, at most 1,000: the whole list, in place of the former one. Null means none.
    course_ids: MaybeUndefined<Vec<ID>>,
    /// Your own word for this request, 8 to 200 characters: sent again, it gets the first answer and does nothing.
    idempotency_key: Option<String>,
}

impl CreatePathInput {
    fn read(self) -> Result<NewPath, Refusal> {
        Ok(NewPath {
            title: self.title,
            group: id::parse(&self.group_id, &["groupId"])?,
            main_author: id::parse_option(self.main_author_id.as_ref(), &["mainAuthorId"])?,
            co_authors: all(&self.co_author_ids.unwrap_or_default(), "coAuthorIds")?,
            courses: all(&self.course_ids.unwrap_or_default(), "courseIds")?,
        })
    }
}

impl UpdatePathInput {
    fn read(self) -> Result<PathEdit, Refusal> {
        Ok(PathEdit {
            path: id::parse(&self.path_id, &["pathId"])?,
            title: set(self.title, &["title"])?,
            group: one_or_keep(self.group_id, "groupId")?,
            main_author: one_or_keep(self.main_author_id, "mainAuthorId")?,
            co_authors: all_or_keep(&self.co_author_ids, "coAuthorIds")?,
            courses: all_or_keep(&self.course_ids, "courseIds")?,
        })
    }
}

payload! {
    /// What `createPath` answers with.
    CreatePathPayload {
        /// The new path; null if nothing was done.
        path: Path
    }
}

payload! {
    /// What `updatePath` answers with.
    UpdatePathPayload {
        /// The path as it is now; null if nothing was done.
        path: Path
    }
}

/// Changes of paths.
#[derive(Debug, Default)]
pub struct PathMutation;

/// Changes of paths.
#[Object]
impl PathMutation {
    /// Makes a path. By the administrators of the group that is to own it, and by its authors where they are main
    /// author or co-author of the path (R4).
    async fn create_path(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The path to make.")] input: CreatePathInput,
    ) -> Result<CreatePathPayload, ApiError> {
        let key = input.idempotency_key.clone();
        let done = domain::write(ctx, "createPath", key, input.read(), |tx, input| {
            Box::pin(paths::create(tx, input))
        });
        CreatePathPayload::of(done.await?, |path| Path::load(ctx, path)).await
    }

    /// Changes a path: its title, its courses, who owns it, who writes it. By the administrators of its owner group,
    /// and by that group's authors where they are main author or co-author of the path.
    async fn update_path(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which path, and what to change of it.")] input: UpdatePathInput,
    ) -> Result<UpdatePathPayload, ApiError> {
        let key = input.idempotency_key.clone();
        let done = domain::write(ctx, "updatePath", key, input.read(), |tx, input| {
            Box::pin(paths::update(tx, input))
        });
        UpdatePathPayload::of(done.await?, |path| Path::load(ctx, path)).await
    }
}

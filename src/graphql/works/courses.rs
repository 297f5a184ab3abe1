//! Making and changing courses.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object};

use super::{all, all_or_keep, one_or_keep};
use crate::courses::{self, CourseEdit, NewCourse};
use crate::error::Refusal;
use crate::graphql::course::Course;
use crate::graphql::domain::{self, payload};
use crate::graphql::error::ApiError;
use crate::graphql::id;
use crate::graphql::input::set;
use crate::graphql::thing::Thing;

/// A course to be made.
#[derive(Clone, Debug, InputObject)]
pub struct CreateCourseInput {
    /// What it is called: 1 to 200 characters.
    title: String,
    /// The group that is to own it. Its administrators may edit the course, and when the main author leaves without a
    /// co-author to follow, one of them takes it over (R10).
    group_id: ID,
    /// Who is to own it; you, if left out.
    main_author_id: Option<ID>,
    /// Who writes it with the main author, at most 100. Their order counts: the first follows a main author who leaves
    /// (R10). Naming somebody twice is as naming them once; the main author cannot be among them.
    co_author_ids: Option<Vec<ID>>,
    /// Your own word for this request, 8 to 200 characters: sent again, it gets the first answer and does nothing.
    idempotency_key: Option<String>,
}

/// What to change of a course. What is left out stays as it is.
#[derive(Clone, Debug, InputObject)]
pub struct UpdateCourseInput {
    /// Which course.
    course_id: ID,
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
    /// Your own word for this request, 8 to 200 characters: sent again, it gets the first answer and does nothing.
    idempotency_key: Option<String>,
}

impl CreateCourseInput {
    fn read(self) -> Result<NewCourse, Refusal> {
        Ok(NewCourse {
            title: self.title,
            group: id::parse(&self.group_id, &["groupId"])?,
            main_author: id::parse_option(self.main_author_id.as_ref(), &["mainAuthorId"])?,
            co_authors: all(&self.co_author_ids.unwrap_or_default(), "coAuthorIds")?,
        })
    }
}

impl UpdateCourseInput {
    fn read(self) -> Result<CourseEdit, Refusal> {
        Ok(CourseEdit {
            course: id::parse(&self.course_id, &["courseId"])?,
            title: set(self.title, &["title"])?,
            group: one_or_keep(self.group_id, "groupId")?,
            main_author: one_or_keep(self.main_author_id, "mainAuthorId")?,
            co_authors: all_or_keep(&self.co_author_ids, "coAuthorIds")?,
        })
    }
}

payload! {
    /// What `createCourse` answers with.
    CreateCoursePayload {
        /// The new course; null if nothing was done.
        course: Course
    }
}

payload! {
    /// What `updateCourse` answers with.
    UpdateCoursePayload {
        /// The course as it is now; null if nothing was done.
        course: Course
    }
}

/// Changes of courses.
#[derive(Debug, Default)]
pub struct CourseMutation;

/// Changes of courses.
#[Object]
impl CourseMutation {
    /// Makes a course. By the administrators of the group that is to own it, and by its authors where they are main
    /// author or co-author of the course (R4).
    async fn create_course(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The course to make.")] input: CreateCourseInput,
    ) -> Result<CreateCoursePayload, ApiError> {
        let key = input.idempotency_key.clone();
        let done = domain::write(ctx, "createCourse", key, input.read(), |tx, input| {
            Box::pin(courses::create(tx, input))
        });
        CreateCoursePayload::of(done.await?, |course| Course::load(ctx, course)).await
    }

    /// Changes a course: its title, who owns it, who writes it. By the administrators of its owner group, and by that
    /// group's authors where they are main author or co-author of the course.
    async fn update_course(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which course, and what to change of it.")] input: UpdateCourseInput,
    ) -> Result<UpdateCoursePayload, ApiError> {
        let key = input.idempotency_key.clone();
        let done = domain::write(ctx, "updateCourse", key, input.read(), |tx, input| {
            Box::pin(courses::update(tx, input))
        });
        UpdateCoursePayload::of(done.await?, |course| Course::load(ctx, course)).await
    }
}

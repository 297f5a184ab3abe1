//! Enrolling people in courses (R32).

use async_graphql::{Context, ID, InputObject, Object};

use super::all;
use super::people::people_payload;
use crate::enrolments::{self, People};
use crate::error::Refusal;
use crate::graphql::course::Course;
use crate::graphql::domain;
use crate::graphql::error::ApiError;
use crate::graphql::id;
use crate::graphql::thing::Thing;

/// Who to enrol in which course.
#[derive(Clone, Debug, InputObject)]
pub struct EnrolInCourseInput {
    /// Which course.
    course_id: ID,
    /// Who, 1 to 10,000 people. Naming somebody twice is as naming them once.
    user_ids: Vec<ID>,
    /// Your own word for this request, 8 to 200 characters: sent again, it gets the first answer and does nothing.
    idempotency_key: Option<String>,
}

/// Whose enrolment in which course to end.
#[derive(Clone, Debug, InputObject)]
pub struct UnenrolFromCourseInput {
    /// Which course.
    course_id: ID,
    /// Who, 1 to 10,000 people. Naming somebody twice is as naming them once.
    user_ids: Vec<ID>,
    /// Your own word for this request, 8 to 200 characters: sent again, it gets the first answer and does nothing.
    idempotency_key: Option<String>,
}

people_payload! {
    /// What `enrolInCourse` answers with.
    EnrolInCoursePayload {
        /// The course; null if nothing was done.
        course: Course
    }
}

people_payload! {
    /// What `unenrolFromCourse` answers with.
    UnenrolFromCoursePayload {
        /// The course; null if nothing was done.
        course: Course
    }
}

/// Changes of who is enrolled in courses.
#[derive(Debug, Default)]
pub struct EnrolmentMutation;

/// Changes of who is enrolled in courses.
#[Object]
impl EnrolmentMutation {
    /// Enrols people in a course, one outcome a person: ENROLLED, ALREADY_ENROLLED, NOT_FOUND or USER_DELETED (R32).
    /// Whoever was in it before finds their progress again. By the administrators and the authors of the course's owner
    /// group.
    async fn enrol_in_course(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which course, and who.")] input: EnrolInCourseInput,
    ) -> Result<EnrolInCoursePayload, ApiError> {
        let people = people(&input.course_id, &input.user_ids);
        let done = domain::write(ctx, "enrolInCourse", input.idempotency_key, people, |tx, input| {
            Box::pin(async move { Ok((input.course, enrolments::enrol(tx, input).await?)) })
        });
        EnrolInCoursePayload::of(done.await?, |course| Course::load(ctx, course)).await
    }

    /// Ends the enrolment of people in a course, one outcome a person: UNENROLLED, NOT_ENROLLED, NOT_FOUND or
    /// USER_DELETED (R32). Their progress stays. By the administrators and the authors of the course's owner group.
    async fn unenrol_from_course(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which course, and who.")] input: UnenrolFromCourseInput,
    ) -> Result<UnenrolFromCoursePayload, ApiError> {
        let people = people(&input.course_id, &input.user_ids);
        let done = domain::write(ctx, "unenrolFromCourse", input.idempotency_key, people, |tx, input| {
            Box::pin(async move { Ok((input.course, enrolments::unenrol(tx, input).await?)) })
        });
        UnenrolFromCoursePayload::of(done.await?, |course| Course::load(ctx, course)).await
    }
}

fn people(course: &ID, users: &[ID]) -> Result<People, Refusal> {
    Ok(People { course: id::parse(course, &["courseId"])?, users: all(users, "userIds")? })
}

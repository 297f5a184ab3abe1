//! What people leave behind: enrolments, progress, results, certificates, sales, subscriptions, posts.

use chrono::TimeDelta;
use entity::id::{ActivityId, CertificateId, PostId, ResultId, SaleId, SubscriptionId, UserId};
use entity::kind::PostKind;
use entity::{activity, certificate, course_enrolment, post, progress, result, sale, subscription};

use super::{Organisation, next_id};
use crate::keys::{search_key, sort_key};

impl Organisation {
    /// Enrols people in a course (R32).
    #[must_use]
    pub fn enrol_in_course(mut self, course: &str, users: &[&str]) -> Organisation {
        let (course_id, granted_by) = (self.a_course(course), Some(UserId(1)));
        for user in users {
            let (user_id, enrolled_at) = (self.a_user(user), self.next_moment());
            let row = course_enrolment::Model { course_id, user_id, granted_by, enrolled_at };
            self.tables.course_enrolments.push(row);
        }
        self
    }

    /// How far somebody is in a course, in per cent.
    #[must_use]
    pub fn progress(mut self, user: &str, course: &str, percent: i32) -> Organisation {
        let (user_id, course_id) = (self.a_user(user), self.a_course(course));
        let (started_at, updated_at) = (self.next_moment(), self.now - TimeDelta::days(2));
        let completed_at = (percent == 100).then_some(updated_at);
        let row = progress::Model { user_id, course_id, percent, started_at, updated_at, completed_at };
        self.tables.progress.push(row);
        self
    }

    /// An activity of a course.
    #[must_use]
    pub fn activity(self, title: &str, course: &str, owner: &str) -> Organisation {
        self.activity_from(title, course, owner, None)
    }

    /// An activity copied from another.
    #[must_use]
    pub fn activity_copy(mut self, title: &str, course: &str, owner: &str, from: &str) -> Organisation {
        let from = self.an_activity(from);
        self.activity_from(title, course, owner, Some(from))
    }

    fn activity_from(
        mut self,
        title: &str,
        course: &str,
        owner: &str,
        from: Option<ActivityId>,
    ) -> Organisation {
        let (id, created_at) = (ActivityId(next_id(&self.tables.activities)), self.next_moment());
        let (course_id, owner_id) = (self.a_course(course), self.a_user(owner));
        self.tables.activities.push(activity::Model {
            id,
            course_id,
            owner_id,
            title: title.to_owned(),
            title_key: sort_key(title),
            search_key: search_key(title),
            copied_from_id: from,
            created_at,
        });
        self.call("activity", title, id, |names| &mut names.activities);
        self
    }

    /// A result of an activity, from 0 to 100.
    #[must_use]
    pub fn result(mut self, user: &str, activity: &str, score: i32) -> Organisation {
        let (id, recorded_at) = (ResultId(next_id(&self.tables.results)), self.next_moment());
        let (user_id, activity_id) = (self.a_user(user), self.an_activity(activity));
        self.tables.results.push(result::Model { id, user_id, activity_id, score, recorded_at });
        self
    }

    /// A certificate.
    #[must_use]
    pub fn certificate(mut self, user: &str, course: &str) -> Organisation {
        let (id, issued_at) = (CertificateId(next_id(&self.tables.certificates)), self.next_moment());
        let (user_id, course_id) = (self.a_user(user), self.a_course(course));
        self.tables.certificates.push(certificate::Model { id, user_id, course_id, issued_at });
        self
    }

    /// A course sold to somebody, in cents.
    #[must_use]
    pub fn sale(mut self, user: &str, course: &str, amount_cents: i64) -> Organisation {
        let (id, sold_at) = (SaleId(next_id(&self.tables.sales)), self.next_moment());
        let (user_id, course_id) = (Some(self.a_user(user)), self.a_course(course));
        let currency = "EUR".to_owned();
        self.tables.sales.push(sale::Model { id, user_id, course_id, amount_cents, currency, sold_at });
        self
    }

    /// A payment subscription that runs.
    #[must_use]
    pub fn subscription(mut self, user: &str, course: &str) -> Organisation {
        let (id, started_at) = (SubscriptionId(next_id(&self.tables.subscriptions)), self.next_moment());
        let (user_id, course_id) = (self.a_user(user), self.a_course(course));
        self.tables.subscriptions.push(subscription::Model {
            id,
            user_id,
            course_id,
            started_at,
            cancelled_at: None,
        });
        self
    }

    /// A post in a group.
    #[must_use]
    pub fn post(self, author: &str, group: &str, body: &str) -> Organisation {
        self.say(author, group, PostKind::Post, body)
    }

    /// A message in a group.
    #[must_use]
    pub fn message(self, author: &str, group: &str, body: &str) -> Organisation {
        self.say(author, group, PostKind::Message, body)
    }

    fn say(mut self, author: &str, group: &str, kind: PostKind, body: &str) -> Organisation {
        let (id, created_at) = (PostId(next_id(&self.tables.posts)), self.next_moment());
        let (author_id, group_id) = (Some(self.a_user(author)), self.a_group(group));
        let body = body.to_owned();
        self.tables.posts.push(post::Model {
            id,
            group_id,
            author_id,
            kind,
            body,
            created_at,
            anonymized_at: None,
        });
        self
    }
}

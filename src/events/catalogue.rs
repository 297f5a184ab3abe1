//! Everything that other systems can hear of: one table, from which the kinds here and their descriptions in the API are
//! made.

/// Hands the catalogue to a macro: of each kind what it tells and what its data have, its name as other systems read it,
/// and the names of its data.
macro_rules! catalogue {
    ($with:ident) => {
        $with! {
            /// A course's certificate was issued: `certificateId`, `courseId`, `userId`.
            CertificateIssued = "certificate.issued" { certificateId, courseId, userId }
            /// Somebody is no longer enrolled in a course: `courseId`, `userId`. Progress stays.
            EnrolmentEnded = "enrolment.ended" { courseId, userId }
            /// Somebody was enrolled in a course: `courseId`, `userId`.
            EnrolmentGranted = "enrolment.granted" { courseId, userId }
            /// A group was made: `groupId`, `parentId`.
            GroupCreated = "group.created" { groupId, parentId }
            /// A group was deleted: `groupId`; `toGroupId` is the group that got its works, null where it had none.
            GroupDeleted = "group.deleted" { groupId, toGroupId }
            /// A group was moved with everything below it: `groupId`, `fromGroupId` and `toGroupId`, the groups above it
            /// before and after.
            GroupMoved = "group.moved" { fromGroupId, groupId, toGroupId }
            /// A group was opened or closed: `groupId`; `privacy` is `PUBLIC` or `PRIVATE`.
            GroupPrivacyChanged = "group.privacy_changed" { groupId, privacy }
            /// A group's name or external ids were changed: `groupId`.
            GroupUpdated = "group.updated" { groupId }
            /// A job ended: `jobId`; `status` as the job has it; `counts`, how often each outcome came up.
            JobFinished = "job.finished" { counts, jobId, status }
            /// Somebody became something in a group, also by rising into it: `userId`, `groupId`, `role`.
            MembershipGranted = "membership.granted" { groupId, role, userId }
            /// A role was revoked: `userId`, `groupId`, `role`; `groupIds` are all groups in which it went; `removalId`;
            /// `jobId`, null where it was no part of a job; `cause`. Whoever lost an account by it is told of as deleted
            /// instead.
            MembershipRevoked = "membership.revoked" { cause, groupId, groupIds, jobId, removalId, role, userId }
            /// A course, a path or a session got another main author or main instructor: `work` is `COURSE`, `PATH` or
            /// `SESSION`, and one of `courseId`, `pathId`, `sessionId` is there, the others null; `fromUserId`,
            /// `toUserId`; `removalId`, null where it was handed over by hand.
            OwnershipHandedOver = "ownership.handed_over" {
                courseId, fromUserId, pathId, removalId, sessionId, toUserId, work
            }
            /// The platform got another owner: `fromUserId`, `toUserId`.
            PlatformHandedOver = "platform.handed_over" { fromUserId, toUserId }
            /// An account was made: `userId`. What the person became where is told besides.
            UserCreated = "user.created" { userId }
            /// An account was deleted, and all its memberships went: `userId`; `removalId`, the record of it; `jobId`, null
            /// where it was no part of a job; `cause`; `coursesHandedOver`, `pathsHandedOver` and `sessionsHandedOver`, how
            /// many works got a successor, each of which is told besides.
            UserDeleted = "user.deleted" {
                cause, coursesHandedOver, jobId, pathsHandedOver, removalId, sessionsHandedOver, userId
            }
            /// Somebody was taken out of a group and keeps the account: `userId`, `groupId`; `memberships` are the roles that
            /// went, each with its `groupId` and `role`, and `groupIds` their groups; `removalId`; `jobId`, null where it was
            /// no part of a job; `cause`. Of a deletion after which private groups still keep the person, the group is the
            /// platform group.
            UserRemovedFromGroup = "user.removed_from_group" {
                cause, groupId, groupIds, jobId, memberships, removalId, userId
            }
            /// A person's entry was changed: `userId`.
            UserUpdated = "user.updated" { userId }
            /// A webhook was given up, since nothing arrived for days: `webhookId`.
            WebhookDisabled = "webhook.disabled" { webhookId }
        }
    };
}
pub(crate) use catalogue;

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $text:literal { $($data:ident),+ })+) => {
        /// What happened.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind {
            $($(#[$doc])* $kind),+
        }

        impl Kind {
            /// Every kind, in the order of their names.
            pub const ALL: &[Kind] = &[$(Kind::$kind),+];

            /// Its name, in the database and to other systems.
            pub const fn as_str(self) -> &'static str {
                match self { $(Kind::$kind => $text),+ }
            }

            /// The kind of this name.
            pub fn of(text: &str) -> Option<Kind> {
                match text { $($text => Some(Kind::$kind),)+ _ => None }
            }

            /// What its data have, in order.
            pub const fn data(self) -> &'static [&'static str] {
                match self { $(Kind::$kind => &[$(stringify!($data)),+]),+ }
            }
        }
    };
}
catalogue!(kinds);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_stand_in_order_and_are_found_by_their_names() {
        assert!(Kind::ALL.is_sorted_by(|one, next| one.as_str() < next.as_str()));
        for kind in Kind::ALL {
            assert_eq!(Kind::of(kind.as_str()), Some(*kind));
            assert!(kind.data().is_sorted(), "{kind:?}");
        }
        assert_eq!(Kind::of("user.praised"), None);
    }
}

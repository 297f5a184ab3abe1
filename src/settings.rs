//! The settings of the platform, which its administrators change (R2, R22, R29, R34).

use chrono_tz::Tz;
use entity::id::GroupId;
use serde::Serialize;

use crate::change::Change;
use crate::db::locks;
use crate::error::{Failure, Refusal};
use crate::transaction::Tx;
use crate::{keys, platform};

/// Characters that the platform's name may have.
const NAME_LENGTH: usize = 200;

/// What to change about the platform.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Settings {
    /// A new name.
    pub name: Option<String>,
    /// The IANA name of another time zone.
    pub time_zone: Option<String>,
    /// Another number of seats; cleared, there is no limit (R22).
    pub seat_limit: Change<i64>,
    /// Another group that people who sign up become learners of; cleared, nobody signs up (R34).
    pub sign_up_group: Change<GroupId>,
    /// Another safety share, in per cent (R29).
    pub safety_share: Option<i64>,
}

/// Changes the platform's settings. A seat limit below the seats taken removes nobody.
///
/// # Errors
/// `FORBIDDEN` for anybody but platform administrators, `BAD_INPUT` for an empty name, an unknown time zone, a
/// negative number of seats or a safety share beyond 0 to 100; `NOT_FOUND` of the group.
pub async fn update(tx: &Tx, settings: &Settings) -> Result<(), Failure> {
    // The group that is named does not go meanwhile.
    locks::tree(&tx.conn).await?;
    locks::seats(&tx.conn).await?;
    let (mut platform, tree) = platform::current(&tx.conn, &tx.trees).await?;
    tx.authority().await?.require_administrator(&tree, tree.root())?;
    if let Some(name) = &settings.name {
        platform.name = keys::text(&["name"], name, NAME_LENGTH)?;
    }
    if let Some(zone) = &settings.time_zone {
        let known: Tz = zone.parse().map_err(|_| {
            Refusal::bad_input(&["timeZone"], "This is no IANA time zone: they look like Europe/Paris.")
        })?;
        platform.time_zone = known.name().to_owned();
    }
    platform.seat_limit = settings.seat_limit.clone().after(platform.seat_limit);
    if platform.seat_limit.is_some_and(|limit| limit < 0) {
        return Err(Refusal::bad_input(&["seatLimit"], "There cannot be fewer than 0 seats.").into());
    }
    platform.sign_up_group = settings.sign_up_group.clone().after(platform.sign_up_group);
    if platform.sign_up_group.is_some_and(|group| !tree.contains(group)) {
        return Err(Refusal::not_found(&["signUpGroupId"], "Group").into());
    }
    platform.safety_share = settings.safety_share.unwrap_or(platform.safety_share);
    if !(0..=100).contains(&platform.safety_share) {
        return Err(Refusal::bad_input(&["safetyShare"], "The safety share is 0 to 100 per cent.").into());
    }
    Ok(platform::store::update(&tx.conn, &platform).await?)
}

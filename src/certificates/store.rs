//! The rows of certificates.

use chrono::{DateTime, Utc};
use entity::id::CertificateId;
use sea_orm::ConnectionTrait;

use super::NewCertificate;
use crate::db::sql::sql;
use crate::error::Error;

/// Adds a certificate, where the person has none of the course; whether that was so.
pub async fn add(
    db: &impl ConnectionTrait,
    certificate: &NewCertificate,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let added = sql(
        "certificates.add",
        "insert into certificates (user_id, course_id, issued_at) values ({user}, {course}, {now})
         on conflict (user_id, course_id) do nothing",
    )
    .bind("user", certificate.user)
    .bind("course", certificate.course)
    .bind("now", now)
    .execute(db)
    .await?;
    Ok(added > 0)
}

/// The certificate that the person has of the course.
pub async fn of(db: &impl ConnectionTrait, certificate: &NewCertificate) -> Result<CertificateId, Error> {
    let (certificate,) =
        sql("certificates.of", "select id from certificates where user_id = {user} and course_id = {course}")
            .bind("user", certificate.user)
            .bind("course", certificate.course)
            .only(db)
            .await?;
    Ok(certificate)
}

//! What those who accept jobs, work on them and wait for them tell each other inside one process; and that something
//! happened of which other systems hear.

use std::time::Duration;

use entity::id::JobId;
use tokio::sync::Notify;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::broadcast::{self, Receiver, Sender};

/// How often whoever waits looks for news from other instances.
const LOOK: Duration = Duration::from_secs(1);
/// News that may wait to be heard; who hears too late looks for themselves.
const HELD: usize = 1_024;

/// Rings when there is work, and tells when a job has come further.
#[derive(Debug)]
pub struct Bell {
    work: Notify,
    events: Notify,
    news: Sender<JobId>,
}

/// What is heard of jobs from now on.
#[derive(Debug)]
pub struct News(Receiver<JobId>);

impl Default for Bell {
    fn default() -> Bell {
        Bell { work: Notify::new(), events: Notify::new(), news: broadcast::channel(HELD).0 }
    }
}

impl Bell {
    /// There is work.
    pub fn ring(&self) {
        self.work.notify_one();
    }

    /// Ends when there is work; at once if it rang since somebody last waited.
    pub async fn rung(&self) {
        self.work.notified().await;
    }

    /// Something happened of which other systems hear.
    pub fn happened(&self) {
        self.events.notify_one();
    }

    /// Ends when something has happened; at once if it did since somebody last waited.
    pub async fn heard(&self) {
        self.events.notified().await;
    }

    /// `job` has come further.
    pub fn tell(&self, job: JobId) {
        // Where nobody listens nobody needs to know.
        let _ = self.news.send(job);
    }

    /// What is told from now on.
    pub fn news(&self) -> News {
        News(self.news.subscribe())
    }
}

impl News {
    /// Ends when there may be news of `job`: other instances tell nothing here, so that it is looked for now and then.
    pub async fn of(&mut self, job: JobId) {
        self.until(|told| told == job).await;
    }

    /// Ends when there may be news of any job.
    pub async fn of_any(&mut self) {
        self.until(|_| true).await;
    }

    async fn until(&mut self, concerns: impl Fn(JobId) -> bool) {
        let heard = async {
            loop {
                match self.0.recv().await {
                    Ok(told) if !concerns(told) => {}
                    Ok(_) | Err(RecvError::Lagged(_)) => return,
                    // The bell lives as long as the database, which whoever listens holds.
                    Err(RecvError::Closed) => std::future::pending().await,
                }
            }
        };
        // Nothing of the database is dropped by that: it is a time to look.
        let _ = tokio::time::timeout(LOOK, heard).await;
    }
}

//! What those who accept jobs, work on them and wait for them tell each other inside one process.

use entity::id::JobId;
use tokio::sync::Notify;
use tokio::sync::broadcast::{self, Receiver, Sender};

/// News that may wait to be heard; who hears too late looks for themselves.
const HELD: usize = 1_024;

/// Rings when there is work, and tells when a job has come further.
#[derive(Debug)]
pub struct Bell {
    work: Notify,
    news: Sender<JobId>,
}

/// What is heard of jobs from now on.
#[derive(Debug)]
pub struct News(Receiver<JobId>);

impl Default for Bell {
    fn default() -> Bell {
        Bell { work: Notify::new(), news: broadcast::channel(HELD).0 }
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
    /// Ends when there may be news of `job`.
    pub async fn of(&mut self, job: JobId) {
        loop {
            match self.0.recv().await {
                Ok(told) if told != job => {}
                Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => return,
                // The bell lives as long as the database, which whoever listens holds.
                Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
            }
        }
    }

    /// Ends when there may be news of any job.
    pub async fn of_any(&mut self) {
        if let Err(broadcast::error::RecvError::Closed) = self.0.recv().await {
            std::future::pending().await
        }
    }
}

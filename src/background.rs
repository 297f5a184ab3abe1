//! What goes on beside requests, inside each instance of the program, until it is asked to stop.

use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Something that was started. When it is dropped it stops, and nobody waits for it.
#[derive(Debug)]
pub struct Background {
    stopping: watch::Sender<bool>,
    ended: Option<JoinHandle<()>>,
}

impl Drop for Background {
    fn drop(&mut self) {
        self.ask_to_stop();
    }
}

impl Background {
    /// Starts what `going_on` makes of a word that says whether it is asked to stop.
    pub fn start<F>(going_on: impl FnOnce(watch::Receiver<bool>) -> F) -> Background
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (stopping, stopped) = watch::channel(false);
        Background { stopping, ended: Some(tokio::spawn(going_on(stopped))) }
    }

    /// Asks it to begin nothing more.
    pub fn ask_to_stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Ends when what is in flight has.
    pub async fn stop(mut self) {
        self.ask_to_stop();
        if let Some(ended) = self.ended.take() {
            // What panicked has nothing in flight any more.
            let _ = ended.await;
        }
    }
}

//! What a container wrote last: read once when it has ended, again and again while it goes on.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use crate::domain::text::without_colour;
use crate::domain::{LastWords, LogNews, LogRequest, LogState, Run};
use crate::source::Way;
use crate::store::{Delta, LiveDelta, Sink};

/// Lines that are shown.
const LINES: u32 = 10;
/// How long they are waited for.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between two looks at a container that goes on, or whose lines could not be read.
const AGAIN: Duration = Duration::from_secs(10);

/// Reads the last lines of `run` into `sink`. `previous`: the container was started again since. One that waits for its
/// next start is still the current one (recorded, `crash`: the log before it is gone then).
pub(super) async fn follow(way: Way, run: Run, previous: bool, sink: Arc<dyn Sink>) {
    let clock = way.clock();
    loop {
        let words = read(&way, &run, previous).await;
        let is_last = run.ended.is_some() && words.unread.is_none();
        sink.push(Delta::Live(LiveDelta::Words(run.clone(), Box::new(words))));
        if is_last {
            // nobody wrote them twice; they are kept for as long as somebody looks
            std::future::pending::<()>().await;
        }
        clock.sleep(AGAIN).await;
    }
}

async fn read(way: &Way, run: &Run, previous: bool) -> LastWords {
    let request = LogRequest {
        namespace: run.namespace.as_str().into(),
        pod: run.pod.as_str().into(),
        uid: Some(run.uid.as_str().into()),
        container: run.container.as_str().into(),
        previous,
        tail: Some(LINES),
        ..LogRequest::default()
    };
    let (lane, mut news) = mpsc::channel(8);
    let mut words = LastWords::default();
    let collect = async {
        while let Some(told) = news.recv().await {
            match told {
                LogNews::Lines(chunk) => {
                    words.lines.extend(chunk.lines.iter().map(|line| without_colour(&line.text).as_ref().into()));
                    words.unread = None;
                }
                LogNews::State(
                    _,
                    LogState::NotStarted(why) | LogState::Denied(why) | LogState::Retrying { why, .. },
                ) => words.unread = Some(why),
                LogNews::State(_, LogState::Connecting | LogState::Following(_) | LogState::Ended(_)) => {}
            }
        }
    };
    let clock = way.clock();
    let late = tokio::select! {
        _ = async { tokio::join!(way.clone().stream(request, lane), collect) } => false,
        () = clock.sleep(PATIENCE) => true,
    };
    if late && words.lines.is_empty() && words.unread.is_none() {
        words.unread = Some(format!("no answer within {} s", PATIENCE.as_secs()).into());
    }
    let surplus = words.lines.len().saturating_sub(LINES as usize);
    words.lines.drain(..surplus);
    words
}

//! `snapshot`: one frame of a screen, for documents, pipelines and checks.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};

use super::arguments::{Everywhere, Format, Snapshot};
use super::exit::{Exit, Failure};
use super::find::find;
use super::{picture, setup};
use crate::app::{Bindings, Model, frame};
use crate::config::palette::Depth;
use crate::domain::time::after;
use crate::domain::{Clock, LogNews, Timestamp};
use crate::runtime::observe::observe;
use crate::runtime::tail::Tail;
use crate::source::kube::KubeconfigPlace;
use crate::store::{Interest, LogStore};
use crate::view::{REGISTRY, ScreenId, Work};

/// Containers that have said something, and nothing more for this long, have said what there is.
const SILENCE: Duration = Duration::from_millis(500);

/// Takes in what containers have logged, until they are silent, or until `deadline`.
async fn read_logs(tail: &mut Tail, logs: &mut LogStore, clock: &Arc<dyn Clock>, deadline: Timestamp) {
    let mut until = deadline;
    while logs.streams().next().is_some() && clock.now() < deadline {
        tokio::select! {
            Some(news) = tail.next() => {
                if matches!(news, LogNews::Lines(_)) {
                    until = after(clock.now(), SILENCE).min(deadline);
                }
                tail.take(news, logs, clock.now());
            }
            () = clock.sleep_until(until) => break,
        }
    }
    logs.settle_all();
}

/// Draws one frame after the first full load, or after `--wait` with what there is.
pub fn run(snapshot: &Snapshot, everywhere: &Everywhere, out: &mut impl Write) -> Result<Exit, Failure> {
    let runtime = super::io_runtime()?;
    let mut setup = setup::setup(everywhere, &KubeconfigPlace::Environment, runtime.handle())?;
    let depth = match snapshot.format {
        Format::Text => Depth::None,
        Format::Ansi | Format::Svg => setup::forced_depth(),
    };
    let theme = setup.theme(depth);
    let (keys, glyphs) = (Bindings(setup.keymap()), setup.glyphs());
    let deadline = after(setup.clock.now(), snapshot.wait);
    setup.start();
    runtime.block_on(observe(&mut setup.apps, &setup.sources, &setup.mailbox, &setup.news, &setup.clock, deadline));
    for complaint in &setup.complaints {
        super::complain(complaint);
    }
    let screen = REGISTRY.iter().find(|s| s.word == snapshot.view).map_or(ScreenId::Board, |s| s.id);
    let selected = snapshot.app.as_deref().map(|name| find(&setup.apps, name, None)).transpose()?;
    let is_of_one =
        matches!(screen, ScreenId::App | ScreenId::Resource | ScreenId::Events | ScreenId::Why | ScreenId::Chooser);
    if is_of_one && selected.is_none() {
        let hint = format!("snapshot --view {} --app NAME", snapshot.view);
        return Err(Failure::new(Exit::Usage, "which Application?").hint(hint));
    }
    let selected = selected.inspect(|key| {
        let wanted =
            [Interest::Pods, Interest::Events, Interest::Resources, Interest::LastWords].map(|of| of(key.clone()));
        setup.look(&wanted, deadline, &runtime);
    });
    if selected.is_none() {
        let wanted: Vec<Interest> = setup.apps.all().map(|row| Interest::Pods(row.key.clone())).collect();
        setup.look(&wanted, deadline, &runtime);
    }
    let home = if matches!(screen, ScreenId::Fleet) { ScreenId::Fleet } else { ScreenId::Board };
    let (width, height) = snapshot.size;
    let exit = super::exit_of(&setup.apps, &setup.sources);
    let mut model = Model::new(setup.apps, home, keys, theme, glyphs, Size { width, height });
    model.lens.selected = selected;
    model.stack.push(screen);
    if let Some(query) = model.stack.top().wanted(&model.lens) {
        let (tail, interests) = (&mut setup.tail, &mut setup.interests);
        tail.want(Some(query), &model.apps, &mut model.logs, setup.clock.now(), |context| interests.cluster(context));
        runtime.block_on(read_logs(tail, &mut model.logs, &setup.clock, deadline));
    }
    let mut buf = Buffer::empty(Rect::new(0, 0, width, height));
    frame::draw(&mut model, setup.clock.now(), &Work::default(), &mut buf);
    let drawn = match snapshot.format {
        Format::Text => picture::text(&buf),
        Format::Ansi => picture::ansi(&buf),
        Format::Svg => picture::svg(&buf),
    };
    out.write_all(drawn.as_bytes())?;
    out.flush()?;
    Ok(exit)
}

//! `snapshot`: one frame of a screen, for documents, pipelines and checks.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};

use super::arguments::{Everywhere, Format, Snapshot};
use super::exit::{Exit, Failure};
use super::find::find;
use super::{picture, setup, state};
use crate::app::{Bindings, Model, Request, frame, update};
use crate::config::palette::Depth;
use crate::domain::resource::most_telling;
use crate::domain::time::after;
use crate::domain::{Clock, LogNews, ObjectName, Timestamp, Versus};
use crate::runtime::access::Access;
use crate::runtime::deeds::Deeds;
use crate::runtime::observe::{observe, observe_live};
use crate::runtime::remember::Remembered;
use crate::runtime::tail::Tail;
use crate::source::kube::KubeconfigPlace;
use crate::store::{Interest, LogStore};
use crate::view::desk::News;
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

/// Opens a screen as its key does, and does what that asks for: plans and the audit log are read, nothing is written.
fn open(model: &mut Model, screen: ScreenId, (deeds, access): (&mut Deeds, &mut Access), now: Timestamp) -> bool {
    let mut asked = false;
    for request in update::open(model, screen, now) {
        match request {
            Request::Plan(proposal) => deeds.plan(proposal, &model.apps, access),
            Request::Recall => deeds.recall(),
            _ => continue,
        }
        asked = true;
    }
    asked
}

/// Takes in what was asked for, until it is there, or until `deadline`.
async fn read_desk(deeds: &mut Deeds, model: &mut Model, clock: &Arc<dyn Clock>, deadline: Timestamp) {
    loop {
        tokio::select! {
            Some(news) = deeds.next() => {
                let is_last = matches!(news, News::Planned(_) | News::Records(_));
                model.desk.take(news);
                if is_last {
                    return;
                }
            }
            () = clock.sleep_until(deadline) => return,
        }
    }
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
    let is_of_one = matches!(
        screen,
        ScreenId::App
            | ScreenId::Resource
            | ScreenId::Events
            | ScreenId::Why
            | ScreenId::Diff
            | ScreenId::Chooser
            | ScreenId::Plan
            | ScreenId::Deployments
            | ScreenId::Actions
            | ScreenId::Copy
    );
    if is_of_one && selected.is_none() {
        let hint = format!("snapshot --view {} --app NAME", snapshot.view);
        return Err(Failure::new(Exit::Usage, "which Application?").hint(hint));
    }
    let selected = selected.inspect(|key| {
        let wanted =
            [Interest::Pods, Interest::Events, Interest::Resources, Interest::LastWords].map(|of| of(key.clone()));
        setup.look(&wanted, deadline, &runtime);
    });
    if let Some(key) = selected.as_ref().filter(|_| screen == ScreenId::Diff) {
        setup.look(&[Interest::Comparison(key.clone(), Versus::default())], deadline, &runtime);
    }
    // the one somebody wants to look at first
    let object = selected.as_ref().filter(|_| screen == ScreenId::Resource).and_then(|key| {
        let name = ObjectName::of(most_telling(&setup.apps.detail(key)?.resources)?);
        setup.look(&[Interest::Object(key.clone(), name.clone())], deadline, &runtime);
        Some(name)
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
    model.lens.object = object;
    model.desk.readonly = setup.settings.readonly;
    let rules = state::rules(&setup.settings, &Remembered::here());
    let mut deeds = Deeds::new(rules, setup.clock.clone(), runtime.handle().clone());
    if open(&mut model, screen, (&mut deeds, &mut setup.interests.access), setup.clock.now()) {
        runtime.block_on(read_desk(&mut deeds, &mut model, &setup.clock, deadline));
    }
    if let Some(query) = model.stack.top().wanted(&model.lens) {
        let (tail, interests) = (&mut setup.tail, &mut setup.interests);
        tail.want(Some(query), &model.apps, &mut model.logs, setup.clock.now(), |context| {
            interests.access.way(context)
        });
        runtime.block_on(read_logs(tail, &mut model.logs, &setup.clock, deadline));
    }
    let mut buf = Buffer::empty(Rect::new(0, 0, width, height));
    if matches!(screen, ScreenId::Plan | ScreenId::Deployments) {
        // what they compare depends on what they have read
        frame::lay_out(&mut model, setup.clock.now());
        let wanted = frame::interests(&model, setup.clock.now());
        let deadline = deadline.min(after(setup.clock.now(), setup::PATIENCE));
        let (apps, interests, clock) = (&mut model.apps, &mut setup.interests, &setup.clock);
        runtime.block_on(observe_live(apps, interests, &wanted, &setup.mailbox, &setup.news, clock, deadline));
    }
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

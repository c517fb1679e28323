//! The cockpit on the sources of the kubeconfig.

use std::os::fd::AsFd as _;

use ratatui::layout::Size;
use tokio::runtime::Handle;

use super::arguments::Everywhere;
use super::exit::{Exit, Failure};
use super::preferences::Running;
use super::setup::{self, Setup};
use super::state;
use crate::app::{Bindings, Model};
use crate::forward::SshHost;
use crate::runtime::berths::Berths;
use crate::runtime::choice::Choice;
use crate::runtime::clipboard::{Clipboard, Road};
use crate::runtime::deeds::Deeds;
use crate::runtime::errand::Errands;
use crate::runtime::input::{Decoder, Reader};
use crate::runtime::k9s::K9s;
use crate::runtime::launch::{own_folders, own_workspace};
use crate::runtime::logins::Logins;
use crate::runtime::reload::Reload;
use crate::runtime::remember::Remembered;
use crate::runtime::run::{Cockpit, Ended};
use crate::runtime::signal::Signals;
use crate::runtime::terminal::{Options, TerminalGuard};
use crate::runtime::writer::FrameSender;
use crate::source::kube::KubeconfigPlace;
use crate::view::ScreenId;

/// Opens the cockpit and stays in it until the person leaves.
pub fn run(everywhere: &Everywhere) -> Result<Exit, Failure> {
    open(everywhere, &KubeconfigPlace::Environment, Remembered::here())
}

/// Opens the cockpit on the kubeconfig at `place`; what is kept for the next start goes where `remembered` says.
pub fn open(everywhere: &Everywhere, place: &KubeconfigPlace, remembered: Remembered) -> Result<Exit, Failure> {
    let io = super::io_runtime()?;
    let setup = setup::setup(everywhere, place, io.handle())?;
    let (ended, complaints) = steer(setup, everywhere, io.handle(), remembered)?;
    // What was read is dropped with the process: nobody waits for watches to end.
    io.shutdown_background();
    for complaint in complaints {
        super::complain(&complaint);
    }
    Ok(match ended {
        Ended::Quit => Exit::Ok,
        Ended::Lost => Exit::HungUp,
        Ended::By(signal) => Exit::Signal(signal.exit_code()),
    })
}

fn steer(
    mut setup: Setup,
    everywhere: &Everywhere,
    io: &Handle,
    remembered: Remembered,
) -> Result<(Ended, Vec<String>), Failure> {
    let depth = setup::depth();
    let (theme, keymap, glyphs) = (setup.theme(depth), setup.keymap(), setup.glyphs());
    let looks = (theme.clone(), keymap.clone());
    let contexts = std::mem::take(&mut setup.contexts);
    let mut running = Running::new(everywhere.clone(), depth, setup.settings.clone(), looks, contexts);
    let keys = Bindings(keymap);
    let usage = |error: &dyn std::error::Error| Failure::new(Exit::Usage, error);
    let terminal = TerminalGuard::enter(Options { mouse: setup.settings.mouse }).map_err(|error| usage(&error))?;
    let size = terminal.size();
    let mut model = Model::new(
        std::mem::take(&mut setup.apps),
        ScreenId::Board,
        keys,
        theme,
        glyphs,
        Size::new(size.columns, size.rows),
    );
    let choice = Choice { settings: setup.settings.clone(), depth };
    choice.announce(&mut model);
    model.desk.readonly = setup.settings.readonly;
    let connection = std::env::var("SSH_CONNECTION").ok();
    model.desk.ssh = SshHost::of(setup.settings.ssh_host.as_deref(), &state::who().user, connection.as_deref());
    model.memory.lines = remembered.lines();
    model.desk.folders.own = own_workspace().map(|workspace| own_folders(&workspace)).unwrap_or_default();
    match remembered.folders() {
        Ok(folders) => model.desk.folders.told = folders,
        Err(error) => setup.complaints.push(error.to_string()),
    }
    match remembered.filters() {
        Ok(filters) => model.memory.saved = filters,
        Err(error) => setup.complaints.push(error.to_string()),
    }
    if let Some(first) = setup.complaints.first() {
        let more = setup.complaints.len() - 1;
        let text = if more > 0 { format!("{first} (and {more} more: :complaints)") } else { first.clone() };
        model.warn(text.replace('\n', "; "), setup.clock.now());
    }
    model.complaints.clone_from(&setup.complaints);
    let (reader, bytes) = Reader::start(std::io::stdin().as_fd().try_clone_to_owned()?)?;
    let signals = Signals::listen(Some(terminal.restorer()))?;
    let writer = FrameSender::start(Box::new(terminal.output()))?;
    setup.start();
    let mut cockpit = Cockpit {
        model,
        sources: setup.sources,
        interests: setup.interests,
        tail: setup.tail,
        deeds: Deeds::new(state::rules(&setup.settings, &remembered), setup.clock.clone(), io.clone()),
        berths: Berths::new(state::rules(&setup.settings, &remembered), setup.clock.clone(), io.clone()),
        errands: Errands::new(io.clone()),
        logins: Logins::new(io.clone()),
        clipboard: Clipboard::new(Road::here()),
        k9s: K9s { readonly: setup.settings.readonly },
        reload: Reload::start(running.places(), Box::new(move || running.read_again()), io.clone()),
        ahead: Vec::new(),
        asked: None,
        saves: setup.saves,
        mailbox: setup.mailbox,
        news: setup.news,
        clock: setup.clock,
        terminal,
        reader,
        bytes,
        decoder: Decoder::new(setup.settings.escape),
        writer,
        choice,
        remembered,
        signals,
    };
    let here = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    cockpit.berths.check_out(cockpit.choice.settings.git_checkout.clone());
    cockpit.deeds.recall();
    let ended = here.block_on(cockpit.run())?;
    cockpit.berths.stop(None);
    let undone = here.block_on(cockpit.deeds.close());
    Ok((ended, setup.complaints.into_iter().chain(undone).collect()))
}

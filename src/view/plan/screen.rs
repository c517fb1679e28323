//! The plan on screen. The focus rests on Cancel; nothing is done by one key.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::lines::{deed, lines};
use super::options::{at_revision, turned};
use crate::action::{Consent, Draft, Item, Order, Proposal, Required, Verb};
use crate::command::{CommandId, Scope};
use crate::config::theme::Role;
use crate::domain::{AppKey, ObjectName, Timestamp, Versus};
use crate::store::Interest;
use crate::view::detail::Run;
use crate::view::travel::{scrolled, steps};
use crate::view::{Ask, Effect, Handled, Lens, ScreenId, Seen, Typing, View};
use crate::widget::{Pen, pen};

/// How many Applications are acted on at once.
const WAVES: [usize; 4] = [5, 10, usize::MAX, 1];

/// What would be done, and Cancel.
#[derive(Debug, Default)]
pub struct Plan {
    proposal: Option<Proposal>,
    /// The resource that was under the cursor of the screen below.
    object: Option<ObjectName>,
    /// When what is shown was planned: a yes is to this plan and to no later one.
    planned: Option<Timestamp>,
    /// The focus is on the button that does it.
    on_confirm: bool,
    /// The words that were typed already, where several environments ask for theirs.
    typed: Vec<String>,
    /// Which of [`WAVES`].
    wave: usize,
    lines: Vec<Vec<Run>>,
    offset: usize,
    height: usize,
}

impl View for Plan {
    fn id(&self) -> ScreenId {
        ScreenId::Plan
    }

    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Plan]
    }

    fn interests(&self, _: &Lens, seen: &Seen<'_>) -> Vec<Interest> {
        self.compared(seen).map(|(app, versus)| Interest::Comparison(app, versus)).into_iter().collect()
    }

    fn command(&mut self, id: CommandId, lens: &mut Lens, seen: &Seen<'_>) -> (Handled, Vec<Effect>) {
        let Some(proposal) = self.proposal.clone() else { return (Handled::No, Vec::new()) };
        match id {
            CommandId::PlanOther => {
                self.on_confirm = !self.on_confirm && self.draft(seen).is_some_and(|draft| can_be_done(draft, seen));
            }
            CommandId::PlanChoose => return (Handled::Yes, self.choose(seen)),
            // the diff is of what is selected, and that is what the plan is about
            CommandId::PlanDiff if lens.selected.as_ref().is_some_and(|app| proposal.apps == [app.clone()]) => {
                lens.versus = self.compared(seen).map(|(_, versus)| versus);
                return (Handled::Yes, vec![Effect::Push(ScreenId::Diff)]);
            }
            CommandId::PlanDiff => {
                let said = "this plan is about several Applications: d in the list shows one".to_owned();
                return (Handled::Yes, vec![Effect::Say(said)]);
            }
            CommandId::PlanAgain => return (Handled::Yes, self.propose(proposal)),
            CommandId::PlanWave if proposal.apps.len() == 1 => {
                return (Handled::Yes, vec![Effect::Say("this plan is about one Application".to_owned())]);
            }
            CommandId::PlanWave => self.wave = (self.wave + 1) % WAVES.len(),
            CommandId::PlanRevision => {
                let Verb::Sync(options) = &proposal.verb else {
                    return (Handled::Yes, vec![Effect::Say("this plan has no such option".to_owned())]);
                };
                if proposal.apps.len() > 1 {
                    let said = "several Applications have no revision in common".to_owned();
                    return (Handled::Yes, vec![Effect::Say(said)]);
                }
                let now = options.revision.clone().unwrap_or_default();
                return (Handled::Yes, vec![Effect::Ask(Ask::Revision, now)]);
            }
            id if id.spec().scope == Scope::Plan => {
                let effects = match turned(&proposal, id, self.object.as_ref()) {
                    Some(proposal) => self.propose(proposal),
                    None => vec![Effect::Say("this plan has no such option".to_owned())],
                };
                return (Handled::Yes, effects);
            }
            id => match steps(id, self.height) {
                Some(by) => self.offset = scrolled(self.offset, by, self.lines.len(), self.height),
                None => return (Handled::No, Vec::new()),
            },
        }
        (Handled::Yes, Vec::new())
    }

    fn typed(&mut self, ask: Ask, text: &str, typing: Typing, seen: &Seen<'_>) -> Vec<Effect> {
        if ask == Ask::Revision {
            let proposal = self.proposal.as_ref().filter(|_| typing == Typing::Accepted);
            return proposal
                .and_then(|proposal| at_revision(proposal, text))
                .map_or_else(Vec::new, |p| self.propose(p));
        }
        if typing != Typing::Accepted {
            // whoever thought better of it finds Cancel where it was
            self.on_confirm &= typing == Typing::Changed;
            if typing == Typing::Cancelled {
                self.typed.clear();
            }
            return Vec::new();
        }
        let Some(phrases) = self.draft(seen).map(Draft::phrases).filter(|phrases| self.typed.len() < phrases.len())
        else {
            return vec![Effect::Say("it was planned anew: look again".to_owned())];
        };
        let phrase = &phrases[self.typed.len()];
        if text == *phrase {
            self.typed.push(text.to_owned());
            if self.typed.len() < phrases.len() {
                // every environment whose name is typed is said yes to by its own
                return vec![Effect::Ask(Ask::Phrase, String::new())];
            }
            let consent = match std::mem::take(&mut self.typed) {
                mut one if one.len() == 1 => Consent::Phrase(one.remove(0)),
                several => Consent::Phrases(several),
            };
            return self.act(consent, seen);
        }
        self.on_confirm = false;
        self.typed.clear();
        vec![Effect::Say(format!("nothing was done: the words are `{phrase}`"))]
    }

    fn label(&self, ask: Ask, seen: &Seen<'_>, width: u16) -> String {
        if ask == Ask::Revision {
            return if width >= 60 { "sync to revision (empty: the one it follows): " } else { "revision: " }
                .to_owned();
        }
        let Some(draft) = self.draft(seen) else { return ask.sign().to_owned() };
        let phrases = draft.phrases();
        let phrase = phrases.get(self.typed.len()).cloned().unwrap_or_default();
        let rest = phrases.len().saturating_sub(self.typed.len() + 1);
        let rest =
            if rest > 0 { format!(" (then {})", phrases[phrases.len() - rest..].join(", ")) } else { String::new() };
        let whole = format!("type {phrase}{rest} to {}: ", words(draft, seen));
        // what is typed has to be seen
        let room = usize::from(width.saturating_sub(16));
        if pen::width(&whole) <= room { whole } else { format!("type {phrase}: ") }
    }

    fn layout(&mut self, lens: &mut Lens, seen: &Seen<'_>, area: Rect) {
        if self.proposal.is_none() {
            self.proposal.clone_from(&lens.proposal);
            self.object = lens.object.clone().filter(|_| seen.below.contains(&Scope::Detail));
        }
        self.height = usize::from(area.height.saturating_sub(2));
        let draft = self.proposal.as_ref().and_then(|proposal| seen.desk.draft_of(proposal));
        let planned = draft.map(|draft| draft.at);
        if planned != self.planned {
            self.planned = planned;
            self.on_confirm = false;
            self.typed.clear();
        }
        if !draft.is_some_and(|draft| can_be_done(draft, seen)) {
            self.on_confirm = false;
        }
        self.lines = match draft {
            Some(draft) => {
                let comparison = self.compared(seen).and_then(|(app, versus)| seen.apps.comparison(&app, &versus));
                let comparison = comparison.map(|comparison| &**comparison);
                lines(seen, draft, comparison, self.object.as_ref(), WAVES[self.wave], area.width)
            }
            None => vec![vec![(format!("  it is being planned{}", seen.glyphs.ellipsis), Role::Dim)]],
        };
        self.offset = self.offset.min(self.lines.len().saturating_sub(self.height));
    }

    fn draw(&self, _: &Lens, seen: &Seen<'_>, area: Rect, buf: &mut Buffer) {
        self.draw_title(seen, area, buf);
        let shown = self.lines.iter().skip(self.offset).take(self.height);
        for (row, runs) in shown.enumerate() {
            seen.work.row();
            let mut pen = Pen::new(buf, area, row as u16 + 1, seen.glyphs.ellipsis);
            for (text, role) in runs {
                pen.text(text, seen.style(*role));
            }
        }
        self.draw_buttons(seen, area, buf);
    }
}

impl Plan {
    /// What the plan applies, to be compared with what runs: it is read beside the plan and delays nothing.
    fn compared(&self, seen: &Seen<'_>) -> Option<(AppKey, Versus)> {
        let proposal = self.proposal.as_ref()?;
        let [app] = &proposal.apps[..] else { return None };
        let state = match &proposal.verb {
            // which deployment that is, the plan has found out
            Verb::Rollback { .. } => self.draft(seen)?.items.first()?.plans.as_ref().ok()?.last()?.verb.wants()?,
            verb => verb.wants()?,
        };
        Some((app.clone(), Versus::live(state)))
    }

    /// The plan that is shown.
    fn draft<'d>(&self, seen: &Seen<'d>) -> Option<&'d Draft> {
        let draft = seen.desk.draft_of(self.proposal.as_ref()?)?;
        (Some(draft.at) == self.planned).then_some(draft)
    }

    fn propose(&mut self, proposal: Proposal) -> Vec<Effect> {
        self.on_confirm = false;
        // what was planned before is no longer shown, nor can it be said yes to
        self.planned = None;
        self.proposal = Some(proposal.clone());
        vec![Effect::Plan(proposal)]
    }

    fn choose(&mut self, seen: &Seen<'_>) -> Vec<Effect> {
        if !self.on_confirm {
            return vec![Effect::Pop];
        }
        let Some(draft) = self.draft(seen) else { return Vec::new() };
        match &draft.required {
            Err(refusal) => vec![Effect::Say(refusal.why.clone())],
            Ok(Required::Phrase) => vec![Effect::Ask(Ask::Phrase, String::new())],
            Ok(_) => self.act(Consent::Yes, seen),
        }
    }

    fn act(&self, consent: Consent, seen: &Seen<'_>) -> Vec<Effect> {
        let Some(draft) = self.draft(seen).filter(|draft| can_be_done(draft, seen)) else {
            return vec![Effect::Say("it was planned anew: look again".to_owned())];
        };
        let plans: Vec<_> = draft.ready(seen.now).map(<[_]>::to_vec).collect();
        let order = Order { what: title(draft), follow: plans.len() > 1, plans, consent, wave: WAVES[self.wave] };
        let is_guarded = order.plans.iter().flatten().any(|plan| plan.harbour.is_some());
        let mut effects = vec![Effect::Pop, Effect::Act(Box::new(order))];
        // it is watched from its start
        effects.extend(is_guarded.then_some(Effect::Push(ScreenId::Guard)));
        effects
    }

    fn draw_title(&self, seen: &Seen<'_>, area: Rect, buf: &mut Buffer) {
        let mut pen = Pen::new(buf, area, 0, seen.glyphs.ellipsis);
        let Some(draft) = self.draft(seen) else {
            let words = self.proposal.as_ref().map_or("nothing", |proposal| proposal.verb.word());
            pen.skip(1).text(&format!("Plan: {words}"), seen.style(Role::Title));
            return;
        };
        let place = place(draft, seen);
        let right = pen::width(&place) as u16 + 1;
        let room = pen.room().saturating_sub(right + 2);
        pen.skip(1).cell(&title(draft), room, seen.style(Role::Title)).skip(1);
        let looks = match guarded(draft).or(draft.items.first()) {
            Some(item) => seen.environment_style(&item.environment),
            None => seen.style(Role::Dim),
        };
        pen.text(&place, looks);
    }

    fn draw_buttons(&self, seen: &Seen<'_>, area: Rect, buf: &mut Buffer) {
        let row = area.height.saturating_sub(1);
        let draft = self.draft(seen).filter(|draft| can_be_done(draft, seen));
        let words = draft.map(|draft| button(draft, seen));
        let framed = |text: &str, here: bool| if here { format!("[ {text} ]") } else { format!("  {text}  ") };
        let cancel = framed("Cancel", !self.on_confirm);
        let confirm = words.as_deref().map(|words| framed(words, self.on_confirm)).unwrap_or_default();
        let mut pen = Pen::new(buf, area, row, seen.glyphs.ellipsis);
        let width = pen::width(&cancel) + pen::width(&confirm) + 2;
        pen.skip(pen.room().saturating_sub(width as u16));
        let looks = |style: Style, here| if here { style.patch(seen.style(Role::Selection)) } else { style };
        pen.text(&cancel, looks(seen.style(Role::Text), !self.on_confirm)).skip(1);
        let style = match (draft.map(|draft| &draft.required), draft.and_then(guarded)) {
            // where the name is typed the button looks as the name does everywhere
            (Some(Ok(Required::Phrase)), Some(item)) => seen.environment_style(&item.environment),
            (Some(Ok(Required::Phrase)), None) => seen.style(Role::Production),
            (Some(Ok(Required::Confirmation { red: true })), _) => seen.style(Role::Bad),
            _ => seen.style(Role::Accent),
        };
        pen.text(&confirm, looks(style, self.on_confirm));
    }
}

/// What it does where mistakes cost most.
fn guarded(draft: &Draft) -> Option<&Item> {
    draft.items.iter().find(|item| item.environment.is_protected())
}

/// Whether there is anything in it that a yes would do.
fn can_be_done(draft: &Draft, seen: &Seen<'_>) -> bool {
    draft.required.is_ok() && draft.ready(seen.now).next().is_some()
}

fn title(draft: &Draft) -> String {
    match &draft.items[..] {
        [item] => match item.plans.as_deref() {
            Ok([.., last]) => last.title.clone(),
            _ => capital(&format!("{} {}", deed(&draft.proposal.verb), item.key.name)),
        },
        items => capital(&format!("{} {} Applications", deed(&draft.proposal.verb), items.len())),
    }
}

/// `staging · predator-cloud`
fn place(draft: &Draft, seen: &Seen<'_>) -> String {
    let mut places: Vec<String> = Vec::new();
    for item in &draft.items {
        let place = format!("{} {} {}", seen.environment_name(&item.environment), seen.glyphs.dot, item.key.source);
        if !places.contains(&place) {
            places.push(place);
        }
    }
    places.join(", ")
}

/// Verb, object, environment and cluster; with the words to type where they are to be typed.
fn button(draft: &Draft, seen: &Seen<'_>) -> String {
    let phrases = draft.phrases();
    let words = words(draft, seen);
    if phrases.is_empty() { capital(&words) } else { format!("type {} to {words}", phrases.join(" and ")) }
}

/// Verb, object, environment and cluster.
fn words(draft: &Draft, seen: &Seen<'_>) -> String {
    let deed = deed(&draft.proposal.verb);
    let ready = draft.ready(seen.now).count();
    let what = match &draft.items[..] {
        [item] => item.key.name.to_string(),
        _ => format!("{ready} Applications"),
    };
    let mut places: Vec<String> = Vec::new();
    for plan in draft.ready(seen.now).filter_map(<[_]>::last) {
        let environment = seen.environment_name(&plan.target.environment);
        let place = match draft.required {
            Ok(Required::Phrase) => environment,
            _ => format!("{environment} ({})", plan.target.context),
        };
        if !places.contains(&place) {
            places.push(place);
        }
    }
    format!("{deed} {what} in {}", places.join(", "))
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

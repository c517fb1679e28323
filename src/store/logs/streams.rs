//! Where log lines come from: one stream a container of a pod.

use crate::domain::Symbol;

/// Colours that streams are told apart by.
pub const SLOTS: usize = 6;

/// The number of a stream; valid until the store is cleared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamId(pub(super) u16);

/// What a stream is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StreamState {
    /// Its lines come in as they are written.
    #[default]
    Following,
    /// Its container started again; the lines go on.
    Restarted,
    /// Its container ended and will be started again, or waits for its first start.
    Down,
    /// No line will come any more.
    Ended,
}

/// A container of a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    /// The pod.
    pub pod: Symbol,
    /// The container.
    pub container: Symbol,
    /// Container and the end of the pod's name, as lines show it.
    pub short: String,
    /// Which of the six colours it has: the same one every time as long as there are colours to go round.
    pub slot: usize,
    /// What it is doing.
    pub state: StreamState,
}

/// Every stream since the store was cleared.
#[derive(Clone, Debug, Default)]
pub(super) struct Streams(Vec<Stream>);

impl Streams {
    /// The stream of a container, new or known. Beyond 65,535 streams the last one stands in.
    pub fn id(&mut self, pod: &str, container: &str) -> StreamId {
        if let Some(at) = self.0.iter().position(|s| *s.pod == *pod && *s.container == *container) {
            return StreamId(at as u16);
        }
        if self.0.len() < usize::from(u16::MAX) {
            let slot = self.slot(pod);
            let end = pod.rsplit('-').next().unwrap_or(pod);
            let short = if container.is_empty() { pod.to_owned() } else { format!("{container} {end}") };
            let state = StreamState::Following;
            self.0.push(Stream { pod: pod.into(), container: container.into(), short, slot, state });
        }
        StreamId((self.0.len() - 1) as u16)
    }

    /// Containers of a pod share a colour; another pod takes the one its name stands for, or the next that is free.
    fn slot(&self, pod: &str) -> usize {
        if let Some(known) = self.0.iter().find(|s| *s.pod == *pod) {
            return known.slot;
        }
        let hash = pod
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        let wanted = (hash % SLOTS as u64) as usize;
        let taken = |slot: usize| self.0.iter().any(|s| s.slot == slot && s.state != StreamState::Ended);
        (0..SLOTS).map(|n| (wanted + n) % SLOTS).find(|slot| !taken(*slot)).unwrap_or(wanted)
    }

    pub fn get(&self, id: StreamId) -> Option<&Stream> {
        self.0.get(usize::from(id.0))
    }

    pub fn get_mut(&mut self, id: StreamId) -> Option<&mut Stream> {
        self.0.get_mut(usize::from(id.0))
    }

    pub fn iter(&self) -> impl Iterator<Item = (StreamId, &Stream)> {
        self.0.iter().enumerate().map(|(n, s)| (StreamId(n as u16), s))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pod_keeps_its_colour_and_six_pods_have_six() {
        let mut streams = Streams::default();
        let ids: Vec<_> = (0..6).map(|n| streams.id(&format!("api-7cf7-{n}abcd"), "api")).collect();
        let mut slots: Vec<_> = ids.iter().filter_map(|id| streams.get(*id)).map(|s| s.slot).collect();
        slots.sort_unstable();
        assert_eq!(slots, [0, 1, 2, 3, 4, 5]);
        let sidecar = streams.id("api-7cf7-0abcd", "proxy");
        assert_eq!(streams.get(sidecar).unwrap().slot, streams.get(ids[0]).unwrap().slot);
        assert_eq!(streams.id("api-7cf7-0abcd", "api"), ids[0]);
        assert_eq!(streams.get(ids[0]).unwrap().short, "api 0abcd");
    }
}

//! What lies between the machine and the session: bytes on their way, and those that are remembered.

use std::collections::VecDeque;

use super::Standing;

/// How much of the machine's may wait for the session, beside what the session's port itself holds. More waits at the
/// hypervisor.
const INCOMING: usize = 16 * 1024;

/// How much may wait for the machine: more than anybody types, less than anybody pastes.
const OUTGOING: usize = 4 * 1024;

/// The buffers of one console.
#[derive(Debug)]
pub(super) struct Pipe {
    pub(super) standing: Standing,
    /// The BMC's task has been told, and has not looked yet.
    pub(super) told: bool,
    /// Somebody is at the other end.
    attached: bool,
    /// From the machine, for whom is attached.
    incoming: VecDeque<u8>,
    outgoing: VecDeque<u8>,
    /// A break that is due behind so many outgoing bytes. Others join it.
    break_after: Option<usize>,
    history: History,
}

/// The last that the machine has said.
#[derive(Debug)]
struct History {
    limit: usize,
    kept: VecDeque<u8>,
    /// How many of the kept bytes came since the console was opened last, or the machine was switched off.
    recent: usize,
}

impl Pipe {
    pub(super) fn new(history: usize) -> Self {
        Self {
            standing: Standing::Opening,
            told: false,
            attached: false,
            incoming: VecDeque::new(),
            outgoing: VecDeque::new(),
            break_after: None,
            history: History {
                limit: history,
                kept: VecDeque::new(),
                recent: 0,
            },
        }
    }

    pub(super) fn set_history(&mut self, bytes: usize) {
        self.history.limit = bytes;
        self.history.trim();
        self.history.kept.shrink_to_fit();
    }

    /// What is remembered goes first. What comes from now on is put behind it, so that nothing is shown twice.
    pub(super) fn attach(&mut self) {
        self.attached = true;
        self.incoming = self.history.kept.clone();
    }

    pub(super) fn detach(&mut self) {
        self.attached = false;
        self.incoming = VecDeque::new();
        self.forget_outgoing();
    }

    /// What it has said so far is not of its next run.
    pub(super) fn machine_stopped(&mut self) {
        self.history.recent = 0;
    }

    pub(super) fn machine_started(&mut self) {
        // The console may have been opened before the news of the start came.
        let recent = match self.standing {
            Standing::Open => self.history.recent,
            Standing::Opening | Standing::Away(_) => 0,
        };
        self.history.keep(recent);
    }

    /// The console was opened.
    pub(super) fn opened(&mut self) {
        self.standing = Standing::Open;
        self.history.recent = 0;
    }

    /// How much of the machine's there is room for.
    pub(super) fn room_to_receive(&self) -> usize {
        if self.attached {
            INCOMING.saturating_sub(self.incoming.len())
        } else {
            // History drops what is oldest; and where there is none, nobody wants it.
            INCOMING
        }
    }

    /// Takes what the machine said.
    pub(super) fn receive(&mut self, bytes: &[u8]) {
        if self.attached {
            self.incoming.extend(bytes);
        }
        self.history.add(bytes);
    }

    /// What waits for the session, at most `max` bytes and in one piece.
    pub(super) fn received(&mut self, max: usize) -> &[u8] {
        let bytes = self.incoming.make_contiguous();
        bytes.get(..max).unwrap_or(bytes)
    }

    pub(super) fn take_received(&mut self, count: usize) {
        self.incoming.drain(..count);
    }

    pub(super) fn forget_incoming(&mut self) {
        self.incoming.clear();
    }

    pub(super) fn room_to_send(&self) -> usize {
        OUTGOING.saturating_sub(self.outgoing.len())
    }

    /// Takes what is for the machine; the caller has looked for room.
    pub(super) fn send(&mut self, bytes: &[u8]) {
        self.outgoing.extend(bytes);
    }

    pub(super) fn send_break(&mut self) {
        self.break_after.get_or_insert(self.outgoing.len());
    }

    pub(super) fn forget_outgoing(&mut self) {
        self.outgoing.clear();
        self.break_after = None;
    }

    /// What the machine is to have next.
    pub(super) fn next_out(&self) -> Out {
        let until = self.break_after.unwrap_or(self.outgoing.len());
        match until {
            0 if self.break_after.is_some() => Out::Break,
            0 => Out::Nothing,
            until => {
                let (first, _) = self.outgoing.as_slices();
                Out::Bytes(first.iter().copied().take(until).collect())
            }
        }
    }

    /// The machine has so many bytes more.
    pub(super) fn sent(&mut self, count: usize) {
        // The other end may have had them forgotten meanwhile.
        let count = count.min(self.outgoing.len());
        self.outgoing.drain(..count);
        self.break_after = self.break_after.map(|after| after.saturating_sub(count));
    }

    pub(super) fn break_sent(&mut self) {
        self.break_after = None;
    }
}

/// What the machine is to have next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Out {
    Nothing,
    Bytes(Vec<u8>),
    Break,
}

impl History {
    fn add(&mut self, bytes: &[u8]) {
        if self.limit == 0 {
            return;
        }
        let skipped = bytes.len().saturating_sub(self.limit);
        self.kept.extend(bytes.iter().skip(skipped));
        self.recent = self.recent.saturating_add(bytes.len());
        self.trim();
    }

    fn trim(&mut self) {
        self.keep(self.limit);
    }

    /// Forgets all but the last so many bytes.
    fn keep(&mut self, count: usize) {
        let surplus = self.kept.len().saturating_sub(count);
        self.kept.drain(..surplus);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received(pipe: &mut Pipe) -> Vec<u8> {
        let bytes = pipe.received(usize::MAX).to_vec();
        pipe.take_received(bytes.len());
        bytes
    }

    fn open(history: usize) -> Pipe {
        let mut pipe = Pipe::new(history);
        pipe.opened();
        pipe
    }

    #[test]
    fn who_comes_late_sees_what_is_remembered_and_then_what_is_new_once() {
        let mut pipe = open(4);
        pipe.receive(b"abcdef");
        pipe.attach();
        pipe.receive(b"gh");
        assert_eq!(received(&mut pipe), b"cdefgh");
        pipe.detach();
        pipe.receive(b"i");
        pipe.attach();
        assert_eq!(received(&mut pipe), b"fghi");
    }

    #[test]
    fn without_history_nothing_is_remembered() {
        let mut pipe = open(0);
        pipe.receive(b"early");
        pipe.attach();
        pipe.receive(b"live");
        assert_eq!(received(&mut pipe), b"live");
    }

    #[test]
    fn each_run_of_the_machine_has_its_own_history() {
        let mut pipe = open(100);
        pipe.receive(b"first run");
        pipe.standing = Standing::Away(crate::host::HostError::WrongState(String::new()));
        pipe.machine_started();
        pipe.opened();
        pipe.receive(b"second");
        // The console of the third run is open before the news of its start is here.
        pipe.opened();
        pipe.receive(b"third");
        pipe.machine_started();
        pipe.attach();
        assert_eq!(received(&mut pipe), b"third");
    }

    #[test]
    fn a_break_goes_between_the_right_bytes() {
        let mut pipe = open(0);
        pipe.send(b"ab");
        pipe.send_break();
        pipe.send(b"cd");
        assert_eq!(pipe.next_out(), Out::Bytes(b"ab".to_vec()));
        pipe.sent(1);
        assert_eq!(pipe.next_out(), Out::Bytes(b"b".to_vec()));
        pipe.sent(1);
        assert_eq!(pipe.next_out(), Out::Break);
        pipe.break_sent();
        assert_eq!(pipe.next_out(), Out::Bytes(b"cd".to_vec()));
        pipe.forget_outgoing();
        assert_eq!(pipe.next_out(), Out::Nothing);
    }

    #[test]
    fn a_slow_session_holds_the_machine_back() {
        let mut pipe = open(10);
        pipe.attach();
        pipe.receive(&[0; INCOMING]);
        assert_eq!(pipe.room_to_receive(), 0);
        pipe.take_received(5);
        assert_eq!(pipe.room_to_receive(), 5);
        pipe.detach();
        assert_eq!(pipe.room_to_receive(), INCOMING);
    }
}

//! The thread that reads, with this process on both sides of the terminal.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};

use pilothouse::runtime::input::{Bytes, Reader};
use pilothouse::runtime::terminal::{Options, TerminalGuard, is_gone};
use portable_pty::{MasterPty, PtySize, native_pty_system};

use crate::wait::DEADLINE;

#[test]
fn terminal_that_is_gone_says_so_when_it_is_taken_again() {
    let (master, slave) = both_sides();
    let guard = TerminalGuard::enter_on(slave.as_fd(), Options::default()).unwrap();
    drop(master);
    // as on SIGCONT, which comes together with SIGHUP and may be looked at first
    assert!(is_gone(&guard.enter_again().unwrap_err()));
}

/// A terminal with this process on both sides: what types, and what is typed into.
fn both_sides() -> (Box<dyn MasterPty + Send>, OwnedFd) {
    let pty = native_pty_system().openpty(PtySize::default()).unwrap();
    let slave = File::options().read(true).write(true).open(pty.master.tty_name().unwrap()).unwrap();
    let mut raw = rustix::termios::tcgetattr(&slave).unwrap();
    raw.make_raw();
    rustix::termios::tcsetattr(&slave, rustix::termios::OptionalActions::Now, &raw).unwrap();
    (pty.master, slave.into())
}

async fn next(input: &mut tokio::sync::mpsc::Receiver<Bytes>) -> Bytes {
    tokio::time::timeout(DEADLINE, input.recv()).await.expect("in time").expect("a reader")
}

#[tokio::test]
async fn terminal_reader_leaves_every_byte_to_another_program_while_paused() {
    let (master, slave) = both_sides();
    let mut keyboard = master.take_writer().unwrap();
    let (reader, mut input) = Reader::start(slave.try_clone().unwrap()).unwrap();
    keyboard.write_all(b"a").unwrap();
    assert_eq!(next(&mut input).await, Bytes::Read(b"a".to_vec()));
    reader.pause();
    keyboard.write_all(b"for vim").unwrap();
    let mut other = [0; 7];
    File::from(slave).read_exact(&mut other).unwrap();
    assert_eq!(&other, b"for vim");
    assert!(input.try_recv().is_err());
    reader.resume();
    keyboard.write_all(b"b").unwrap();
    assert_eq!(next(&mut input).await, Bytes::Read(b"b".to_vec()));
}

#[tokio::test]
async fn terminal_reader_can_be_paused_while_nobody_takes_what_it_read() {
    let (master, slave) = both_sides();
    let mut keyboard = master.take_writer().unwrap();
    let (reader, mut input) = Reader::start(slave).unwrap();
    for _ in 0..64 {
        keyboard.write_all(b"x").unwrap();
        tokio::task::yield_now().await;
    }
    reader.pause();
    reader.resume();
    let mut count = 0;
    while count < 64 {
        let Bytes::Read(bytes) = next(&mut input).await else { panic!("closed") };
        count += bytes.len();
    }
}

#[tokio::test]
async fn terminal_reader_says_once_that_the_terminal_is_gone() {
    let (master, slave) = both_sides();
    let (_reader, mut input) = Reader::start(slave).unwrap();
    drop(master);
    assert_eq!(next(&mut input).await, Bytes::Closed);
    assert_eq!(tokio::time::timeout(DEADLINE, input.recv()).await.expect("the thread has ended"), None);
}

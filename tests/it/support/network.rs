//! A network of a test's own: a switch on this machine, and machines in namespaces whose cable to it can be pulled. Then
//! packets vanish: nobody closes anything, and nobody is told.

use std::io::Read as _;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU8, Ordering};

use tokio::net::{TcpStream, UnixListener};

/// Passes what comes to a port of a namespace's own loopback to a socket that every namespace sees: on loopback the relay
/// is there also for whoever has lost the network.
const FORWARD: &str = r"
import socket, sys, threading
def pump(a, b):
    try:
        while data := a.recv(65536):
            b.sendall(data)
    except OSError:
        pass
    for end in (a, b):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
server = socket.create_server(('127.0.0.1', int(sys.argv[1])))
print('up', flush=True)
while True:
    a, _ = server.accept()
    b = socket.socket(socket.AF_UNIX)
    b.connect(sys.argv[2])
    for pair in ((a, b), (b, a)):
        threading.Thread(target=pump, args=pair, daemon=True).start()
";

/// The switch; what lies on this machine itself is reached at its address.
pub(crate) struct Network {
    bridge: String,
    /// The first three numbers of each address.
    prefix: String,
    attached: AtomicU8,
}

/// A machine on it.
pub(crate) struct Node {
    /// The namespace's name.
    pub(crate) name: String,
    /// The end of its cable that is at the switch.
    port: String,
    bridge: String,
    forward: Option<Child>,
    sockets: tempfile::TempDir,
}

fn ip(words: &str) -> Output {
    Command::new("ip").args(words.split(' ')).output().unwrap()
}

fn done(words: &str) {
    let output = ip(words);
    assert!(output.status.success(), "ip {words}: {}", String::from_utf8_lossy(&output.stderr));
}

impl Network {
    /// One, or why there can be none here.
    pub(crate) fn new() -> Result<Self, String> {
        let id = std::process::id();
        let bridge = format!("vg{id}");
        let made = Command::new("ip").args(["link", "add", &bridge, "type", "bridge"]).output();
        let made = made.map_err(|error| format!("ip: {error}"))?;
        if !made.status.success() {
            return Err(String::from_utf8_lossy(&made.stderr).into_owned());
        }
        let network = Self { bridge, prefix: format!("10.213.{}", id % 250), attached: AtomicU8::new(1) };
        done(&format!("addr add {}/24 dev {}", network.address(), network.bridge));
        done(&format!("link set {} up", network.bridge));
        let trial = format!("{}t", network.bridge);
        let made = ip(&format!("netns add {trial}"));
        let _gone = ip(&format!("netns del {trial}"));
        if made.status.success() {
            Ok(network)
        } else {
            Err(String::from_utf8_lossy(&made.stderr).into_owned())
        }
    }

    /// This machine's.
    pub(crate) fn address(&self) -> String {
        format!("{}.1", self.prefix)
    }

    /// All of them, as `pg_hba.conf` writes it.
    pub(crate) fn range(&self) -> String {
        format!("{}.0/24", self.prefix)
    }

    /// A machine more.
    pub(crate) fn attach(&self) -> Node {
        let n = self.attached.fetch_add(1, Ordering::Relaxed);
        let name = format!("{}n{n}", self.bridge);
        let port = format!("{}p{n}", self.bridge);
        done(&format!("netns add {name}"));
        done(&format!("link add {port} type veth peer name rede netns {name}"));
        done(&format!("-n {name} addr add {}.{}/24 dev rede", self.prefix, n + 1));
        done(&format!("-n {name} link set rede up"));
        done(&format!("-n {name} link set lo up"));
        let sockets = tempfile::tempdir().unwrap();
        let node = Node { name, port, bridge: self.bridge.clone(), forward: None, sockets };
        done(&format!("link set {} up", node.port));
        node.plug();
        node
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        let _gone = ip(&format!("link del {}", self.bridge));
    }
}

impl Node {
    /// From now on packets vanish in both directions.
    pub(crate) fn pull(&self) {
        done(&format!("link set {} nomaster", self.port));
    }

    pub(crate) fn plug(&self) {
        done(&format!("link set {} master {}", self.port, self.bridge));
    }

    /// Has a port of this machine's loopback stand on that of the node.
    pub(crate) fn forward(&mut self, port: u16) {
        let path: PathBuf = self.sockets.path().join("smtp");
        let listener = UnixListener::bind(&path).unwrap();
        drop(tokio::runtime::Handle::current().spawn(async move {
            while let Ok((mut inner, _)) = listener.accept().await {
                drop(tokio::runtime::Handle::current().spawn(async move {
                    let mut outer = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                    // Either end may go away without a word.
                    let _ended = tokio::io::copy_bidirectional(&mut inner, &mut outer).await;
                }));
            }
        }));
        let mut child = Command::new("nsenter")
            .args([&format!("--net=/run/netns/{}", self.name), "python3", "-c", FORWARD, &port.to_string()])
            .arg(path)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut up = [0; 2];
        child.stdout.as_mut().unwrap().read_exact(&mut up).unwrap();
        self.forward = Some(child);
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Some(child) = &mut self.forward {
            let _ended = child.kill();
            let _reaped = child.wait();
        }
        let _gone = ip(&format!("netns del {}", self.name));
    }
}

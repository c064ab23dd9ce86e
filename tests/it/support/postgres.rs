//! A PostgreSQL server of a test's own, in a folder of its own, as a user that is not root; stopped when dropped.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::app::Site;

/// Where Debian puts the programs of each version.
const INSTALLED: &str = "/usr/lib/postgresql";

/// A server.
pub(crate) struct Server {
    home: TempDir,
    /// What it runs under.
    environment: Vec<(&'static str, PathBuf)>,
    /// On loopback; the socket is named as if it were the usual one.
    pub(crate) port: u16,
}

impl Server {
    /// One that trusts whoever comes by its socket, with more of `postgresql.conf`.
    pub(crate) fn start(settings: &str) -> Self {
        let server = Self::prepare();
        server.begin(settings);
        server
    }

    /// One whose disk is full while the file `cheio` lies beside its socket; `shim` builds what makes writes fail.
    pub(crate) fn start_on_a_disk_that_fills(shim: impl FnOnce(&Path) -> PathBuf) -> Self {
        let mut server = Self::prepare();
        let library = shim(server.socket());
        fs::set_permissions(&library, fs::Permissions::from_mode(0o755)).unwrap();
        server.environment = vec![
            ("LD_PRELOAD", library),
            ("IOFAIL", "write:1:28:600000".into()),
            ("IOFAIL_PATH", "/base/".into()),
            ("IOFAIL_WHEN", server.socket().join("cheio")),
        ];
        server.begin("");
        server
    }

    fn begin(&self, settings: &str) {
        self.succeed("initdb", &["-A", "trust", "-U", "vigia", "--encoding", "UTF8", "--locale", "C.UTF-8"]);
        self.configure(settings);
        self.control(&["start"]);
        self.psql("postgres", "CREATE DATABASE vigia");
    }

    /// One made of a copy of another (`pg_basebackup` at the moment of the call) that is not started yet.
    pub(crate) fn copy_of(other: &Self) -> Self {
        let server = Self::prepare();
        let socket = other.socket().display().to_string();
        server.succeed("pg_basebackup", &["-h", &socket, "-U", "vigia", "-X", "none", "-c", "fast"]);
        server
    }

    /// Starts it and brings it to a moment, with the logs that another put by in its folder.
    pub(crate) fn recover(&self, archive: &Path, until: &str) {
        self.configure(&format!(
            "archive_mode = off\nrestore_command = 'cp {}/%f %p'\nrecovery_target_time = '{until}'\n\
             recovery_target_action = 'promote'\n",
            archive.display()
        ));
        self.put("recovery.signal", "");
        self.control(&["start"]);
    }

    /// One that follows another, and is behind it by as little as the network takes.
    pub(crate) fn follow(primary: &Self) -> Self {
        let server = Self::prepare();
        let socket = primary.socket().display().to_string();
        server.succeed("pg_basebackup", &["-h", &socket, "-U", "vigia", "-R", "-X", "stream", "-c", "fast"]);
        server.configure("");
        server.control(&["start"]);
        server
    }

    fn prepare() -> Self {
        let home = tempfile::Builder::new().prefix("vigia-pg").tempdir().unwrap();
        if is_root() {
            chown(home.path(), Some(NOBODY), None).unwrap();
        }
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Self { home, environment: Vec::new(), port }
    }

    fn configure(&self, more: &str) {
        let file = self.data().join("postgresql.conf");
        let mut text = fs::read_to_string(&file).unwrap();
        let socket = self.socket().display().to_string();
        text += &["", "listen_addresses = ''", &format!("unix_socket_directories = '{socket}'"), more, ""]
            .join("\n");
        fs::write(file, text).unwrap();
    }

    /// The folder of its socket.
    pub(crate) fn socket(&self) -> &Path {
        self.home.path()
    }

    /// Its data.
    pub(crate) fn data(&self) -> PathBuf {
        self.home.path().join("data")
    }

    /// Puts a file into its data that it may read.
    pub(crate) fn put(&self, name: &str, text: &str) {
        let path = self.data().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        if is_root() {
            chown(path, Some(NOBODY), None).unwrap();
        }
    }

    /// Has it read its files again, and waits until whoever connects next meets what they say.
    pub(crate) fn reload(&self) {
        let loaded = || self.psql("vigia", "SELECT pg_conf_load_time()");
        let before = loaded();
        self.control(&["reload"]);
        let begun = std::time::Instant::now();
        while loaded() == before {
            assert!(begun.elapsed() < std::time::Duration::from_mins(1), "it does not read its files again");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }

    /// `pg_ctl`, waiting for its end.
    pub(crate) fn control(&self, what: &[&str]) {
        let log = self.home.path().join("log").display().to_string();
        self.succeed("pg_ctl", &[&["-w", "-l", &log], what].concat());
    }

    fn succeed(&self, program: &str, args: &[&str]) {
        let output = self.command(program).arg("-D").arg(self.data()).args(args).output().unwrap();
        assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn command(&self, program: &str) -> Command {
        let path = programs().join(program);
        let mut command = if is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", "nobody", "--"]).arg(path);
            command
        } else {
            Command::new(path)
        };
        command.current_dir(self.home.path()).stdin(std::process::Stdio::null());
        if program == "pg_ctl" {
            command.envs(self.environment.iter().map(|(name, value)| (*name, value.as_os_str())));
        }
        // A server that goes on would keep what it inherits open.
        if program == "pg_ctl" {
            command.stdout(std::process::Stdio::null());
        }
        command
    }

    /// What a statement answers.
    pub(crate) fn psql(&self, database: &str, sql: &str) -> String {
        let output = Command::new("psql")
            .arg("-h")
            .arg(self.socket())
            .args(["-p", &self.socket_port()])
            .args(["-U", "vigia", "-qAt", "-v", "ON_ERROR_STOP=1", "-c", sql, database])
            .output()
            .unwrap();
        assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Its socket is named by the port.
    pub(crate) fn socket_port(&self) -> String {
        let names = fs::read_dir(self.socket()).unwrap().map(|entry| entry.unwrap().file_name());
        let port = |name: std::ffi::OsString| Some(name.to_str()?.strip_prefix(".s.PGSQL.")?.to_owned());
        names.filter_map(port).find(|port| port.parse::<u16>().is_ok()).unwrap()
    }

    /// Has an installation keep its ledger here.
    pub(crate) fn serve(&self, site: &Site) {
        keep_at(site, self.socket());
    }
}

/// Has an installation keep its ledger behind a socket.
pub(crate) fn keep_at(site: &Site, socket: &Path) {
    bank(site, &format!("url = \"postgres://vigia@/vigia?host={}\"\n", socket.display()));
}

/// Writes `[banco]`.
pub(crate) fn bank(site: &Site, lines: &str) {
    let path = site.config().join("vigia.toml");
    let text = fs::read_to_string(&path).unwrap();
    let rest = text.split("[banco]\n").next().unwrap();
    fs::write(&path, format!("{rest}[banco]\n{lines}")).unwrap();
}

impl Drop for Server {
    fn drop(&mut self) {
        // Already down where the test brought it down.
        let _stopped =
            self.command("pg_ctl").arg("-D").arg(self.data()).args(["-m", "immediate", "stop"]).output();
    }
}

/// Debian's `nobody`.
const NOBODY: u32 = 65_534;

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// PostgreSQL's programs, as Debian installs them.
fn programs() -> PathBuf {
    let versions = fs::read_dir(INSTALLED).unwrap();
    let version = |path: &PathBuf| path.file_name().and_then(|name| name.to_str()?.parse::<u32>().ok());
    let newest = versions.map(|entry| entry.unwrap().path()).max_by_key(version).unwrap();
    newest.join("bin")
}

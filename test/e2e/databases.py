"""Database servers for one test: Debian's PostgreSQL and MariaDB, each in a folder of its own, on a loopback port.

    with Postgres() as db:                       or MariaDb(); Postgres(certificate): with TLS
        db.fill(script)                          run SQL, as its owner
        db.settings(tls="verify", ..)            of [directory-pgsql] or [directory-mysql], as the `open` line has them
        db.stop(); db.start()                    the same data, the same port; db.kill() without a farewell
        db.end_sessions()                        the server hangs up on everybody
        db.query("SELECT 1")                     one value

The server asks passwords of "staunch" over TCP; its owner comes in by the socket. As root it runs as nobody: neither of
them starts as root. available(Postgres) counts a skip where the package is not there.
"""

import glob
import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
import time

from harness import free_port, skip

READY_SECONDS = 60
PASSWORD = "pass'word\\ \"x"  # what has to be quoted somewhere on its way


class Daemon:
    """A server in a folder of its own, where its log is. Each class has command(): its arguments, and is_ready()."""
    engine = None
    stop_signal = signal.SIGTERM
    process = None

    def options(self):
        return {}

    def as_user(self, arguments):
        return arguments

    def start(self):
        path = os.path.join(self.folder, "log")
        with open(path, "ab") as log:
            self.process = subprocess.Popen(self.as_user(self.command()), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            **self.options())
        deadline = time.time() + READY_SECONDS
        while time.time() < deadline and self.process.poll() is None:
            if self.is_ready():
                return
            time.sleep(0.05)
        with open(path) as log:
            raise RuntimeError(f"{self.engine} does not start: {log.read()[-2000:]}")

    def end(self, sig):
        if self.process:
            self.process.send_signal(sig)
            self.process.wait(60)
        self.process = None

    def stop(self):
        self.end(self.stop_signal)

    def kill(self):
        self.end(signal.SIGKILL)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


class Database(Daemon):
    section = None

    def __init__(self, certificate=None):
        self.folder = tempfile.mkdtemp(prefix="staunch-db-")
        self.data = os.path.join(self.folder, "data")
        self.port = free_port()
        self.user = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        self.certificate = self.keep(certificate) if certificate else None
        self.own(self.folder)
        self.prepare()
        self.start()
        self.create()

    def own(self, path):
        if self.user:
            os.chown(path, self.user.pw_uid, self.user.pw_gid)

    def keep(self, certificate):
        """Its files as the server wants them: its own, the key for nobody else."""
        kept = []
        for path in (certificate.chain, certificate.key):
            copy = os.path.join(self.folder, "tls" + str(len(kept)))
            shutil.copyfile(path, copy)
            os.chmod(copy, 0o600)
            self.own(copy)
            kept.append(copy)
        return kept

    def options(self):
        return {"cwd": self.folder, "env": {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": self.folder}}

    def as_user(self, arguments):
        """The command under the uid it may run as; where only root may write to /dev/null, with one of its own."""
        if self.user is None:
            return arguments
        command = ["setpriv", f"--reuid={self.user.pw_uid}", f"--regid={self.user.pw_gid}", "--clear-groups", *arguments]
        if os.stat("/dev/null").st_mode & 0o002:
            return command
        null = os.path.join(self.folder, "null")
        if not os.path.exists(null):
            os.mknod(null, 0o600 | stat.S_IFCHR, os.makedev(1, 3))
            os.chmod(null, 0o666)
        return ["unshare", "--mount", "sh", "-c", f'mount --bind {null} /dev/null && exec "$@"', "sh", *command]

    def call(self, *arguments, input=None):
        done = subprocess.run(self.as_user(arguments), input=input, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=120, **self.options())
        if done.returncode != 0:
            raise RuntimeError(f"{arguments[0]}: {done.stdout[-2000:]}")
        return done.stdout

    def is_ready(self):
        try:
            self.owner("SELECT 1;")
            return True
        except RuntimeError:
            return False

    def fill(self, script):
        self.owner(script)

    def query(self, sql):
        return self.owner(sql).strip()

    def settings(self, **changes):
        return {**self.defaults, "host": "127.0.0.1", "port": self.port, "database": "staunch", "user": "staunch",
                "password": PASSWORD, "tls": "auto", "ca-file": "", "connect-timeout": 3000, "timeout": 5000,
                **{key.replace("_", "-"): value for key, value in changes.items()}}


class Postgres(Database):
    section, engine, dialect = "directory-pgsql", "pgsql", "pgsql"
    stop_signal = signal.SIGINT  # it does not wait for its clients
    programs = ("/usr/lib/postgresql/*/bin/initdb", "/usr/lib/postgresql/*/bin/postgres")

    def program(self, name):
        return sorted(glob.glob("/usr/lib/postgresql/*/bin/" + name))[-1]

    def prepare(self):
        self.call(self.program("initdb"), "-D", self.data, "-U", "owner", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync",
                  "--auth-local=trust", "--auth-host=scram-sha-256")

    def command(self):
        tls = ["-c", "ssl=on", "-c", "ssl_cert_file=" + self.certificate[0], "-c",
               "ssl_key_file=" + self.certificate[1]] if self.certificate else []
        return [self.program("postgres"), "-D", self.data, "-k", self.folder, "-p", str(self.port), "-c",
                "listen_addresses=127.0.0.1", "-c", "fsync=off", *tls]

    def create(self):
        quoted = PASSWORD.replace("'", "''")
        self.owner(f"CREATE ROLE staunch LOGIN PASSWORD '{quoted}';", "postgres")
        self.owner("CREATE DATABASE staunch;", "postgres")
        self.owner("ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO staunch;")

    def owner(self, script, database=None):
        database = database or ("staunch" if script != "SELECT 1;" else "postgres")
        return self.call(self.program("psql"), "-X", "-q", "-t", "-A", "-h", self.folder, "-p", str(self.port), "-U", "owner",
                         "-v", "ON_ERROR_STOP=1", database, input=script)

    def end_sessions(self):
        self.owner("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'staunch';")


class MariaDb(Database):
    section, engine, dialect = "directory-mysql", "mysql", "mysql"
    programs = ("/usr/bin/mariadb-install-db", "/usr/sbin/mariadbd", "/usr/bin/mariadb")

    def prepare(self):
        self.socket = os.path.join(self.folder, "socket")
        self.call("mariadb-install-db", "--no-defaults", "--datadir=" + self.data, "--auth-root-authentication-method=normal",
                  "--skip-test-db")

    def command(self):
        tls = ["--ssl-cert=" + self.certificate[0], "--ssl-key=" + self.certificate[1]] if self.certificate else []
        return ["/usr/sbin/mariadbd", "--no-defaults", "--datadir=" + self.data, "--socket=" + self.socket,
                "--port=" + str(self.port), "--bind-address=127.0.0.1", "--innodb-flush-log-at-trx-commit=0",
                "--innodb-buffer-pool-size=16M", "--pid-file=" + os.path.join(self.folder, "pid"), *tls]

    def create(self):
        quoted = PASSWORD.replace("\\", "\\\\").replace("'", "\\'")
        self.owner(f"CREATE DATABASE staunch CHARACTER SET utf8mb4;"
                   f"CREATE USER staunch@'%' IDENTIFIED BY '{quoted}'; CREATE USER staunch@localhost IDENTIFIED BY '{quoted}';"
                   "GRANT SELECT ON staunch.* TO staunch@'%'; GRANT SELECT ON staunch.* TO staunch@localhost;", "mysql")

    def owner(self, script, database=None):
        database = database or ("staunch" if script != "SELECT 1;" else "mysql")
        return self.call("mariadb", "--no-defaults", "--socket=" + self.socket, "--user=root", "--batch",
                         "--skip-column-names", "--default-character-set=utf8mb4", database, input=script)

    def end_sessions(self):
        for line in self.query("SELECT id FROM information_schema.processlist WHERE user = 'staunch';").split():
            self.owner(f"KILL {line};")


def available(kind):
    missing = [program for program in kind.programs if not glob.glob(program)]
    if missing:
        skip(kind.engine, f"{missing[0]} is not installed (test/packages names its package)")
    return not missing

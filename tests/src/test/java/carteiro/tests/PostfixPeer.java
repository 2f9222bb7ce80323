package carteiro.tests;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/**
 * Debian's Postfix in a folder of its own on loopback: takes mail for one domain into a Maildir, relays the rest, both
 * encrypted where the other side can. It is told to change no message and to have no limit in the way.
 */
final class PostfixPeer implements AutoCloseable {
    private final Path folder;
    private final int port;
    private final Optional<Process> logins;

    private PostfixPeer(Path folder, int port, Optional<Process> logins) {
        this.folder = folder;
        this.port = port;
        this.logins = logins;
    }

    /**
     * @param domain what it takes for itself
     * @param relayPort where on 127.0.0.1 it sends everything else
     */
    static PostfixPeer start(String domain, int relayPort) throws Exception {
        return start(domain, relayPort, keyAndCertificate(), Optional.empty());
    }

    /**
     * One that takes mail from those alone who log in, by Dovecot's SASL.
     *
     * @param identity key and certificate, in PEM
     * @param users lines of Dovecot's passwd-file
     */
    static PostfixPeer withLogins(String domain, String identity, String users) throws Exception {
        return start(domain, 1, identity, Optional.of(users));
    }

    private static PostfixPeer start(String domain, int relayPort, String identity, Optional<String> users)
            throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/sbin/postfix")), "SKIPPED: Postfix is not installed");
        assumeTrue(CarteiroProcess.asRoot(), "SKIPPED: Postfix can be started by root alone");
        Path folder = Files.createTempDirectory(Path.of("/tmp"), "pf");
        Files.setPosixFilePermissions(folder, java.nio.file.attribute.PosixFilePermissions.fromString("rwxr-xr-x"));
        int port;
        try (var free = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            port = free.getLocalPort();
        }
        for (String part : List.of("etc", "spool", "data", "mail")) {
            Files.createDirectories(folder.resolve(part));
        }
        Files.setOwner(
                folder.resolve("data"),
                folder.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName("postfix"));
        CarteiroProcess.own(folder.resolve("mail"));
        Files.writeString(
                folder.resolve("etc/main.cf"), """
                compatibility_level = 3.6
                queue_directory = %1$s/spool
                data_directory = %1$s/data
                mail_owner = postfix
                setgid_group = postdrop
                myhostname = postfix.example
                mydestination =
                inet_interfaces = 127.0.0.1
                inet_protocols = ipv4
                mynetworks = 127.0.0.0/8
                virtual_mailbox_domains = %2$s
                virtual_mailbox_base = %1$s/mail
                virtual_mailbox_maps = static:box/
                virtual_uid_maps = static:%3$s
                virtual_gid_maps = static:%3$s
                virtual_minimum_uid = 100
                relayhost = [127.0.0.1]:%4$s
                smtp_host_lookup = native
                smtp_dns_support_level = disabled
                smtputf8_enable = yes
                message_drop_headers =
                always_add_missing_headers = no
                local_header_rewrite_clients =
                remote_header_rewrite_domain =
                disable_mime_input_processing = yes
                message_size_limit = 0
                virtual_mailbox_limit = 0
                header_size_limit = 100000000
                hopcount_limit = 1000
                in_flow_delay = 0
                smtpd_tls_security_level = may
                smtpd_tls_chain_files = %1$s/etc/key-and-certificate.pem
                smtpd_tls_received_header = yes
                smtp_tls_security_level = may
                maillog_file = %1$s/postfix.log
                maillog_file_prefixes = %1$s
                """.formatted(folder, domain, CarteiroProcess.ROOT_OWNER, relayPort));
        if (users.isPresent()) {
            Files.writeString(folder.resolve("etc/main.cf"), """
                    smtpd_sasl_auth_enable = yes
                    smtpd_sasl_type = dovecot
                    smtpd_sasl_path = %1$s/auth
                    smtpd_sasl_authenticated_header = yes
                    smtpd_tls_auth_only = yes
                    smtpd_relay_restrictions = permit_sasl_authenticated, reject
                    smtpd_recipient_restrictions = permit_sasl_authenticated, reject
                    """.formatted(folder), StandardOpenOption.APPEND);
        }
        Files.writeString(folder.resolve("etc/key-and-certificate.pem"), identity);
        var master = new ArrayList<String>();
        for (String line : Files.readAllLines(Path.of("/usr/share/postfix/master.cf.dist"))) {
            String[] fields = line.trim().split("\\s+");
            if (line.isEmpty() || line.startsWith("#") || line.startsWith(" ") || fields.length < 8) {
                continue;
            }
            if (fields[0].equals("smtp") && fields[1].equals("inet")) {
                fields[0] = "127.0.0.1:" + port;
            }
            fields[4] = "n"; // no chroot: there is nothing in the folder to change into
            master.add(String.join(" ", fields));
        }
        Files.write(folder.resolve("etc/master.cf"), master);
        Optional<Process> logins = users.isPresent() ? Optional.of(dovecot(folder, users.get())) : Optional.empty();
        var postfix = new PostfixPeer(folder, port, logins);
        postfix.run("start");
        long end = System.nanoTime() + CarteiroProcess.PATIENCE.toNanos();
        while (!postfix.greets()) {
            if (System.nanoTime() > end) {
                throw new AssertionError("Postfix does not greet:\n" + postfix.log());
            }
            LockSupport.parkNanos(50_000_000);
        }
        return postfix;
    }

    /** Dovecot, which does nothing but tell Postfix who logs in. */
    private static Process dovecot(Path folder, String users) throws Exception {
        Files.writeString(folder.resolve("etc/users"), users);
        Path settings = Files.writeString(folder.resolve("etc/dovecot.conf"), """
                base_dir = %1$s/dovecot
                state_dir = %1$s/dovecot
                log_path = %1$s/dovecot.log
                protocols =
                ssl = no
                auth_mechanisms = plain login scram-sha-256
                passdb {
                  driver = passwd-file
                  args = %1$s/etc/users
                }
                userdb {
                  driver = static
                  args = uid=nobody gid=nogroup home=/nonexistent
                }
                service auth {
                  unix_listener %1$s/auth {
                    mode = 0666
                  }
                }
                """.formatted(folder));
        Process dovecot = new ProcessBuilder("/usr/sbin/dovecot", "-F", "-c", settings.toString())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        long end = System.nanoTime() + CarteiroProcess.PATIENCE.toNanos();
        while (!Files.exists(folder.resolve("auth"))) {
            if (!dovecot.isAlive() || System.nanoTime() > end) {
                throw new AssertionError("Dovecot does not start:\n" + Files.readString(folder.resolve("dovecot.log")));
            }
            LockSupport.parkNanos(50_000_000);
        }
        return dovecot;
    }

    /** In PEM, of no authority that anybody knows. */
    static String keyAndCertificate() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/openssl")), "SKIPPED: openssl is not installed");
        var made = CarteiroProcess.run(
                List.of(
                        "sh",
                        "-c",
                        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=peer.example -keyout -"
                                + " -out - 2>/dev/null"),
                Map.of(),
                "");
        if (made.exit() != 0) {
            throw new AssertionError("openssl: " + made.output());
        }
        return made.output();
    }

    private boolean greets() {
        try (var socket = new Socket("127.0.0.1", port)) {
            socket.setSoTimeout(5_000);
            return socket.getInputStream().read() == '2';
        } catch (IOException e) {
            return false;
        }
    }

    private void run(String command) throws Exception {
        CarteiroProcess.run(
                List.of("/usr/sbin/postfix", "-c", folder.resolve("etc").toString(), command), Map.of(), "");
    }

    int port() {
        return port;
    }

    String log() {
        try {
            return Files.readString(folder.resolve("postfix.log"), StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            return e.toString();
        }
    }

    /** How many messages its mailbox has. */
    int arrived() {
        String[] names = folder.resolve("mail/box/new").toFile().list();
        return names == null ? 0 : names.length;
    }

    /** The messages in its mailbox. */
    List<String> mailbox() {
        Path box = folder.resolve("mail/box/new");
        if (!Files.isDirectory(box)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(box)) {
            var messages = new ArrayList<String>();
            for (Path file : files.toList()) {
                messages.add(Files.readString(file, StandardCharsets.ISO_8859_1));
            }
            return messages;
        } catch (IOException e) {
            return List.of();
        }
    }

    @Override
    public void close() throws Exception {
        run("stop");
        if (logins.isPresent()) {
            logins.get().destroy();
            logins.get().waitFor();
        }
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path path : all.sorted(java.util.Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        }
    }
}

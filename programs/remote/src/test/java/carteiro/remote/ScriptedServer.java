package carteiro.remote;

import carteiro.mail.Octets;
import carteiro.password.ChannelBinding;
import carteiro.password.ScramSalts;
import carteiro.password.ScramServer;
import carteiro.password.ScramStep;
import carteiro.password.StoredPassword;
import carteiro.wire.ChannelBindings;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;

/**
 * An SMTP server that does as it is told, a script a connection. Steps: {@code S:} says a line (several with a literal
 * {@code \n}), {@code R:} says octets without an end, {@code C:} hears a line that must match ({@code *} for anything),
 * {@code D:} hears a message to its dot, {@code T:} goes on encrypted, with a version if named, {@code demanding} a certificate, {@code W:} says no more and listens to the end,
 * {@code A:} takes a login by SCRAM of a user with a password, {@code N:} answers the first message of SCRAM by its
 * nonce, lengthened, and the rest of the line, {@code F:} says the rest of the line over and over, {@code X:} closes, {@code Z:} resets. After the last step it
 * listens until the other side closes.
 */
final class ScriptedServer implements AutoCloseable {
    private final ServerSocket listener;
    /** Between two octets that drip: much less than any time limit of the tests, which therefore never passes in silence. */
    private static final long DRIP = TimeUnit.MILLISECONDS.toNanos(100);

    private final @Nullable SSLContext tls;
    private final List<String> scripts;
    private final List<List<String>> heard = new CopyOnWriteArrayList<>();
    private final List<byte[]> messages = new CopyOnWriteArrayList<>();
    private final List<String> mismatches = new CopyOnWriteArrayList<>();
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();
    private volatile boolean lenient;
    private final List<Thread> threads = new CopyOnWriteArrayList<>();

    private ScriptedServer(ServerSocket listener, @Nullable SSLContext tls, String... scripts) {
        this.listener = listener;
        this.tls = tls;
        this.scripts = List.of(scripts);
    }

    static ScriptedServer start(String... scripts) throws IOException {
        return at("127.0.0.1", 0, scripts);
    }

    static ScriptedServer at(String address, int port, String... scripts) throws IOException {
        return start(address, port, null, scripts);
    }

    static ScriptedServer withTls(SSLContext tls, String... scripts) throws IOException {
        return start("127.0.0.1", 0, tls, scripts);
    }

    private static ScriptedServer start(String address, int port, @Nullable SSLContext tls, String... scripts)
            throws IOException {
        var listener = new ServerSocket();
        listener.bind(new InetSocketAddress(InetAddress.ofLiteral(address), port));
        var server = new ScriptedServer(listener, tls, scripts);
        Thread.ofVirtual().start(server::accept);
        return server;
    }

    int port() {
        return listener.getLocalPort();
    }

    /** The scripts need not be played to their end. */
    ScriptedServer leniently() {
        lenient = true;
        return this;
    }

    /** How many connections there were. */
    int connections() {
        return sockets.size();
    }

    /** The lines that came over the nth connection, from 0; those of a message are not among them. */
    List<String> heard(int connection) {
        return List.copyOf(heard.get(connection));
    }

    /** Waits until the nth connection ended, and says what was heard. */
    List<String> heardToTheEnd(int connection) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (threads.size() <= connection && System.nanoTime() < deadline) {
            LockSupport.parkNanos(1_000_000);
        }
        threads.get(connection).join(20_000);
        return heard(connection);
    }

    /** The messages as they came, dots and CR LF included, without the last {@code .} line. */
    List<byte[]> messages() {
        return List.copyOf(messages);
    }

    private void accept() {
        while (true) {
            try {
                Socket socket = listener.accept();
                int number = sockets.size();
                sockets.add(socket);
                var lines = new CopyOnWriteArrayList<String>();
                heard.add(lines);
                String script = scripts.isEmpty() ? "" : scripts.get(Math.min(number, scripts.size() - 1));
                threads.add(Thread.ofVirtual().start(() -> play(script, socket, lines)));
            } catch (IOException e) {
                return;
            }
        }
    }

    private void play(String script, Socket socket, List<String> lines) {
        try (socket) {
            socket.setTcpNoDelay(true);
            Socket now = socket;
            InputStream in = new BufferedInputStream(now.getInputStream());
            OutputStream out = now.getOutputStream();
            for (String step : script.strip().split("\n")) {
                String text = step.strip().length() < 3
                        ? ""
                        : step.strip().substring(2).strip();
                switch (step.strip().substring(0, 2)) {
                    case "S:" -> say(out, text.replace("\\n", "\r\n") + "\r\n");
                    case "R:" ->
                        say(out, text.replace("\\r", "\r").replace("\\n", "\n").replace("\\0", "\0"));
                    case "C:" -> {
                        String line = line(in);
                        if (line == null) {
                            mismatches.add("end of connection instead of " + text);
                            return;
                        }
                        lines.add(line);
                        if (!line.matches(("\\Q" + text + "\\E").replace("*", "\\E.*\\Q"))) {
                            mismatches.add("\"" + line + "\" is not " + text);
                        }
                    }
                    case "D:" -> messages.add(message(in));
                    case "T:" -> {
                        var encrypted = (SSLSocket) Objects.requireNonNull(tls)
                                .getSocketFactory()
                                .createSocket(now, null, now.getPort(), true);
                        encrypted.setUseClientMode(false);
                        if (!text.isEmpty()) {
                            encrypted.setEnabledProtocols(new String[] {text.split(" ")[0]});
                        }
                        encrypted.setNeedClientAuth(text.endsWith(" demanding"));
                        encrypted.startHandshake();
                        now = encrypted;
                        in = new BufferedInputStream(encrypted.getInputStream());
                        out = encrypted.getOutputStream();
                        lines.add("(" + encrypted.getSession().getProtocol() + ")");
                        for (SNIServerName name :
                                ((ExtendedSSLSession) encrypted.getSession()).getRequestedServerNames()) {
                            lines.add("(for " + new String(name.getEncoded(), StandardCharsets.US_ASCII) + ")");
                        }
                    }
                    case "A:" -> scram(now, in, out, lines, text.split(" ", 2)[0], text.split(" ", 2)[1]);
                    case "N:" -> {
                        String first = String.valueOf(line(in));
                        lines.add(first);
                        String bare = Octets.text(decoded(first.substring(first.lastIndexOf(' ') + 1)));
                        say(out, "334 " + encoded(bare.substring(bare.indexOf("r=")) + "more," + text) + "\r\n");
                    }
                    case "F:" -> {
                        while (true) {
                            say(out, text.replace("\\n", "\r\n"));
                        }
                    }
                    case "P:" -> {
                        while (true) {
                            for (int i = 0; i < text.length(); i++) {
                                say(out, text.substring(i, i + 1));
                                LockSupport.parkNanos(DRIP);
                            }
                        }
                    }
                    case "B:" -> {
                        OutputStream clear = socket.getOutputStream();
                        clear.write(new byte[] {23, 3, 3, 0x40, 0}); // the begin of a record of 16 KiB
                        while (true) {
                            say(clear, "x");
                            LockSupport.parkNanos(DRIP);
                        }
                    }
                    case "W:" -> in.transferTo(OutputStream.nullOutputStream());
                    case "X:" -> {
                        return;
                    }
                    case "Z:" -> {
                        socket.setSoLinger(true, 0);
                        return;
                    }
                    default -> mismatches.add("no step: " + step);
                }
            }
            for (String line = line(in); line != null; line = line(in)) {
                lines.add(line);
            }
        } catch (IOException e) {
            lines.add("(" + e.getClass().getSimpleName() + ")");
        }
    }

    private static void scram(
            Socket now, InputStream in, OutputStream out, List<String> lines, String user, String password)
            throws IOException {
        var random = new SecureRandom();
        StoredPassword stored = StoredPassword.parseWithClearText("{PLAIN}" + password); // has keys of both hashes
        var salts = new ScramSalts("0123456789abcdef".getBytes(StandardCharsets.US_ASCII), 4096);
        String first = String.valueOf(line(in));
        String mechanism = first.split(" ")[1];
        var bindings = new ArrayList<ChannelBinding>();
        if (mechanism.endsWith("-PLUS") && now instanceof SSLSocket encrypted) {
            ChannelBindings.ofServer(encrypted.getSession())
                    .forEach((type, octets) -> bindings.add(new ChannelBinding(type, octets)));
        }
        var server = new ScramServer(
                mechanism,
                bindings,
                (name, hash) -> name.equals(user) ? stored.scramKeys(hash, user, salts) : Optional.empty(),
                salts,
                random);
        lines.add(mechanism);
        lines.add("(SCRAM)");
        if (server.first(decoded(first.substring(first.lastIndexOf(' ') + 1)))
                instanceof ScramStep.ScramContinues(var challenge)) {
            say(out, "334 " + encoded(challenge) + "\r\n");
            if (server.last(decoded(String.valueOf(line(in)))) instanceof ScramStep.ScramSucceeds(var last, var _)) {
                say(out, "334 " + encoded(last) + "\r\n");
                lines.add("(" + line(in) + ")");
                say(out, "235 2.7.0 welcome\r\n");
                return;
            }
        }
        say(out, "535 5.7.8 no\r\n");
    }

    private static byte[] decoded(String base64) {
        return Base64.getDecoder().decode(base64);
    }

    private static String encoded(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    private static void say(OutputStream out, String text) throws IOException {
        out.write(Octets.bytes(text));
        out.flush();
    }

    private static @Nullable String line(InputStream in) throws IOException {
        var line = new StringBuilder();
        for (int c = in.read(); c >= 0; c = in.read()) {
            if (c == '\n') {
                return line.isEmpty() || line.charAt(line.length() - 1) != '\r'
                        ? line + "(bare LF)"
                        : line.substring(0, line.length() - 1);
            }
            line.append((char) c);
        }
        return line.isEmpty() ? null : line + "(cut)";
    }

    private static byte[] message(InputStream in) throws IOException {
        var message = new ByteArrayOutputStream();
        for (String line = line(in); line != null; line = line(in)) {
            if (line.equals(".")) {
                break;
            }
            message.writeBytes(Octets.bytes(line + "\r\n"));
        }
        return message.toByteArray();
    }

    /** Ends it all; fails if anything else was heard than the scripts say. */
    @Override
    public void close() throws IOException {
        listener.close();
        for (Socket socket : new ArrayList<>(sockets)) {
            socket.close();
        }
        if (!mismatches.isEmpty() && !lenient) {
            throw new AssertionError(mismatches.toString());
        }
    }
}

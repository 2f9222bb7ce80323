package carteiro.tokens;

import carteiro.control.ControlException;
import carteiro.control.ControlFiles;
import carteiro.control.Installation;
import carteiro.control.Settings;
import carteiro.log.EventLog;
import carteiro.log.LogText;
import carteiro.protocol.BearerTokens;
import carteiro.protocol.Program;
import carteiro.protocol.StopStage;
import carteiro.tokens.TokensSettings.TokenSource;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Tells whose a bearer token is; see docs/programs/tokens.md. */
public final class TokensProgram implements Program {
    static final String NAME = "tokens";
    private static final String USER = "qmailo";

    /** Of control/authmechanisms: those that need this program. */
    private static final Set<String> MECHANISMS = Set.of("oauthbearer", "xoauth2");

    /** For the service loader. */
    public TokensProgram() {}

    @Override
    public String name() {
        return NAME;
    }

    /** A user of its own: it speaks with another host, and holds a secret that no other program needs. */
    @Override
    public String user() {
        return USER;
    }

    @Override
    public StopStage stopStage() {
        return StopStage.ASKED;
    }

    @Override
    public boolean isWanted(Installation installation) {
        return Files.exists(installation.control(Settings.OAUTHISSUER));
    }

    @Override
    public void check(Installation installation) throws ControlException {
        if (isWanted(installation)) {
            var _ = TokensSettings.read(installation);
            return;
        }
        var files = new ControlFiles(installation);
        files.numbered(Settings.AUTHMECHANISMS).forEach((number, line) -> {
            if (MECHANISMS.contains(line.strip().toLowerCase(Locale.ROOT))) {
                files.problem(
                        Settings.AUTHMECHANISMS,
                        number,
                        "needs an identity provider, and control/oauthissuer is missing, so that such logins are"
                                + " answered with \"try again later\"; write it, or remove the line");
            }
        });
        files.check();
    }

    @Override
    public RunningProgram start(ProgramContext context) throws ControlException, IOException {
        TokensSettings settings =
                TokensSettings.read(context.installation()); // before root is given up: the secret may be root's
        context.dropPrivileges();
        var running = new RunningTokens(context, settings);
        running.open();
        return running;
    }

    /** What settings make; replaced whole by a reload. */
    private record JudgeAtWork(TokenJudge judge, ProviderClient client) {
        static JudgeAtWork of(TokensSettings settings, EventLog log) {
            var client = new ProviderClient(settings.trust(), ProviderClient.LIMIT);
            var claims = new ClaimCheck(settings, InstantSource.system());
            return new JudgeAtWork(
                    switch (settings.source()) {
                        case TokenSource.KeysAt(var url) ->
                            new SignedTokens(new ProviderKeys(url, client, log, System::nanoTime), claims);
                        case TokenSource.AskedAt asked ->
                            new Introspection(asked, client, claims, log, System::nanoTime);
                    },
                    client);
        }
    }

    /** The program at work. */
    private static final class RunningTokens implements RunningProgram, BearerTokens {
        private final ProgramContext context;
        private volatile TokensSettings settings;
        private volatile JudgeAtWork current;
        private volatile List<Closeable> endpoints = List.of();

        RunningTokens(ProgramContext context, TokensSettings settings) {
            this.context = context;
            this.settings = settings;
            this.current = JudgeAtWork.of(settings, context.log());
        }

        void open() throws IOException {
            warnOfOpenSecret();
            endpoints = List.of(context.wires().offerTokens(this));
        }

        @Override
        public TokenAnswer look(byte[] token) {
            TokensSettings now = settings;
            if (!isToken(token)) {
                return new TokenAnswer.TokenRefused(
                        "it has octets that no bearer token has (RFC 6750 section 2.1)", now.fault("invalid_token"));
            }
            try {
                return current.judge().judge(token);
            } catch (IOException e) {
                return new TokenAnswer.TokenUndecided(LogText.reason(e));
            } catch (RuntimeException e) {
                context.log().bug(NAME, e);
                return new TokenAnswer.TokenUndecided("a mistake in tokens itself; see its log");
            }
        }

        /** RFC 6750 section 2.1: letters, digits, {@code - . _ ~ + /}, and equals signs at the end. */
        private static boolean isToken(byte[] token) {
            int end = token.length;
            while (end > 0 && token[end - 1] == '=') {
                end--;
            }
            for (int i = 0; i < end; i++) {
                byte c = token[i];
                boolean alphanumeric = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9';
                if (!alphanumeric && "-._~+/".indexOf(c) < 0) {
                    return false;
                }
            }
            return end > 0;
        }

        @Override
        public synchronized void reload() throws ControlException {
            TokensSettings read = TokensSettings.read(context.installation());
            JudgeAtWork old = current;
            current = JudgeAtWork.of(read, context.log());
            settings = read;
            old.client().close();
            warnOfOpenSecret();
        }

        private void warnOfOpenSecret() {
            Path file = context.installation().control(Settings.OAUTHCLIENT);
            try {
                Set<PosixFilePermission> mode = Files.getPosixFilePermissions(file);
                if (mode.contains(PosixFilePermission.OTHERS_READ) || mode.contains(PosixFilePermission.GROUP_READ)) {
                    context.log()
                            .warning(
                                    NAME,
                                    "control/oauthclient can be read by others than its owner; chown " + USER
                                            + " it and chmod 400 it");
                }
            } catch (IOException e) {
                // no such file, or not ours to look at: then the settings have said so already
            }
        }

        @Override
        public String status() {
            return current.judge().status();
        }

        @Override
        public void stop(Duration patience) {
            for (Closeable endpoint : endpoints) {
                try {
                    endpoint.close();
                } catch (IOException e) {
                    context.log().warning(NAME, "closing its socket: " + LogText.reason(e));
                }
            }
            endpoints = List.of();
            current.client().close();
        }
    }
}

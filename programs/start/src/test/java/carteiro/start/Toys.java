package carteiro.start;

import carteiro.control.ControlException;
import carteiro.control.Installation;
import carteiro.control.Settings;
import carteiro.posix.SystemAccount;
import carteiro.protocol.Program;
import carteiro.protocol.ReloadScope;
import carteiro.protocol.StopStage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Programs that do nothing but what control/toy-NAME says: {@code settings} cannot be used, {@code absent} cannot start
 * now, {@code die} ends at once, {@code fails} cannot try now what waits, {@code dull} takes all the patience it gets to stop, {@code rooted} keeps root. Every
 * turn of their lives is a line of the log.
 */
public final class Toys {
    private Toys() {}

    /** The first to start. */
    public static final class Queue extends Toy {
        /** For the service loader. */
        public Queue() {
            super("queue", "daemon");
        }
    }

    /** Has something to try now. */
    public static final class Send extends Toy {
        /** For the service loader. */
        public Send() {
            super("send", "daemon");
        }
    }

    /** A way out. */
    public static final class Remote extends Toy {
        /** For the service loader. */
        public Remote() {
            super("remote", "nobody");
        }
    }

    /** A way in. */
    public static final class Smtpd extends Toy {
        /** For the service loader. */
        public Smtpd() {
            super("smtpd", "nobody");
        }
    }

    /** One of them. */
    abstract static class Toy implements Program {
        private final String name;
        private final String user;

        Toy(String name, String user) {
            this.name = name;
            this.user = user;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public String user() {
            return user;
        }

        @Override
        public ReloadScope reloadScope() {
            return switch (name) {
                case "send" ->
                    new ReloadScope(new ReloadScope.OwnSettings.Some(Set.of(Settings.DESTINATIONLIMITS)), Map.of());
                case "remote" ->
                    new ReloadScope(new ReloadScope.OwnSettings.All(), Map.of("send", Set.of(Settings.SMTPROUTES)));
                default -> ReloadScope.WHOLE;
            };
        }

        @Override
        public StopStage stopStage() {
            return switch (name) {
                case "queue" -> StopStage.KEEPER;
                case "send" -> StopStage.SCHEDULER;
                case "local", "remote" -> StopStage.WAY_OUT;
                case "smtpd" -> StopStage.WAY_IN;
                default -> StopStage.ASKED;
            };
        }

        private String told(Installation installation) throws ControlException {
            Path file = installation.control("toy-" + name);
            String told = "";
            try {
                told = Files.exists(file) ? Files.readString(file).strip() : "";
            } catch (IOException e) {
                throw new ControlException(List.of(file + " cannot be read: " + e.getMessage()));
            }
            if (told.equals("settings")) {
                throw new ControlException(List.of("control/toy-" + name + ":1: says settings; say something else"));
            }
            return told;
        }

        @Override
        public RunningProgram start(ProgramContext context) throws ControlException, IOException {
            Installation installation = context.installation();
            String told = told(installation);
            if (told.equals("absent")) {
                throw new IOException("what it needs is absent");
            }
            if (told.equals("unreadable")) {
                throw new IOException(
                        "wrapped",
                        new java.nio.file.AccessDeniedException(
                                installation.control("secret").toString()));
            }
            if (!told.equals("rooted")) {
                context.dropPrivileges();
            }
            if (told.equals("busy")) { // no virtual thread gets a turn any more
                for (int i = 0; i < Runtime.getRuntime().availableProcessors(); i++) {
                    Thread.ofVirtual().start(() -> {
                        while (true) {
                            Thread.onSpinWait();
                        }
                    });
                }
            }
            Files.createDirectories(installation.run(name));
            Files.deleteIfExists(installation.run(name).resolve("toy"));
            Files.writeString(installation.run(name).resolve("toy"), "at work"); // it may write where it listens
            context.log()
                    .info(
                            "toy",
                            name + " starts as uid " + SystemAccount.effectiveUid() + " X="
                                    + context.environment().get("X") + " QMAILREMOTE="
                                    + context.environment().get("QMAILREMOTE"));
            return new RunningProgram() {
                @Override
                public void reload() throws ControlException {
                    told(installation);
                    context.log().info("toy", name + " reloads");
                }

                @Override
                public void tryNow() {
                    if (told.equals("fails")) {
                        throw new IllegalStateException("cannot try");
                    }
                    context.log().info("toy", name + " tries now");
                }

                @Override
                public boolean alive() {
                    return !told.equals("die");
                }

                @Override
                public String status() {
                    return "told=" + told;
                }

                @Override
                public void stop(Duration patience) {
                    context.log().info("toy", name + " stops");
                    if (told.equals("dull")) {
                        try {
                            Thread.sleep(patience.plusSeconds(60)); // far beyond what it was given
                        } catch (InterruptedException e) {
                            Thread.currentThread().interrupt();
                        }
                    }
                }
            };
        }
    }
}

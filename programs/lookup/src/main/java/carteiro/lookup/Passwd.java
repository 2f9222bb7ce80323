package carteiro.lookup;

import carteiro.control.ControlException;
import carteiro.control.Installation;
import carteiro.log.EventLog;
import carteiro.log.LogText;
import carteiro.lookup.AppPasswordCommand.AppOptions;
import carteiro.mail.Address;
import carteiro.mail.Octets;
import carteiro.password.PasswordFileWriter;
import carteiro.password.RewrittenFile;
import carteiro.password.StoredPassword;
import carteiro.posix.Invocation;
import carteiro.posix.SystemAccount;
import carteiro.protocol.Lookup.Answer;
import carteiro.protocol.Lookup.LookupQuestion;
import carteiro.protocol.Passwords;
import java.io.Console;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** carteiro passwd: sets and removes passwords of users/passwd (docs/programs/passwd.md). */
public final class Passwd {
    private static final int TROUBLE = 111;
    private static final int USAGE = 100;

    /** Rounds of {@code {SCRAM-SHA-256}}: what each login costs the client, and each guess whoever has the file. */
    private static final int ROUNDS = 100_000;

    private static final String USAGE_TEXT = """
            passwd: usage: carteiro passwd [--home DIR] [--scram | --delete] ACCOUNT
               or: carteiro passwd [--home DIR] --app LABEL [--for smtp|pop3] [--until YYYY-MM-DD] ACCOUNT
               or: carteiro passwd [--home DIR] --apps | --revoke ID|all ACCOUNT
            """;
    private static final String NO_NAME = "passwd: a name has 1 to " + Passwords.LONGEST_NAME
            + " octets, no colon and no blank, and does not begin with #\n";

    private Passwd() {}

    /** The command. */
    public static void main(String[] arguments) {
        Invocation.runAndExit("passwd", arguments, Passwd::run);
    }

    /** What is asked for. */
    private enum Deed {
        SET,
        SET_FOR_SCRAM,
        REMOVE
    }

    static int run(Invocation called) throws IOException {
        HomeArgument home = HomeArgument.of(called);
        if (AppOptions.areIn(home.call().arguments())) {
            return runForApps(home, called);
        }
        Deed deed = Deed.SET;
        var names = new ArrayList<String>();
        for (String argument : home.call().arguments()) {
            switch (argument) {
                case "--scram" -> deed = Deed.SET_FOR_SCRAM;
                case "--delete" -> deed = Deed.REMOVE;
                default -> names.add(argument);
            }
        }
        if (names.size() != 1 || names.getFirst().startsWith("-")) {
            called.complain(USAGE_TEXT);
            return USAGE;
        }
        String account = Octets.lowerCase(names.getFirst());
        if (!isName(account)) {
            called.complain(NO_NAME);
            return USAGE;
        }
        PasswordFileWriter writer;
        try {
            writer = writer(home.installation());
        } catch (IOException e) {
            called.complain("passwd: " + e.getMessage() + "\n");
            return TROUBLE;
        }
        return deed == Deed.REMOVE
                ? remove(account, writer, called)
                : set(account, deed, writer, home.installation(), called);
    }

    private static int runForApps(HomeArgument home, Invocation called) throws IOException {
        AppOptions options = AppOptions.of(home.call().arguments());
        if (options == null) {
            called.complain(USAGE_TEXT);
            return USAGE;
        }
        String account = Octets.lowerCase(options.account());
        if (!isName(account)) {
            called.complain(NO_NAME);
            return USAGE;
        }
        try {
            return options.run(new AppPasswordCommand(home.installation(), account, called));
        } catch (IOException e) {
            called.complain("passwd: users/apppasswords: " + LogText.reason(e) + "\n");
            return TROUBLE;
        }
    }

    private static boolean isName(String account) {
        return !account.isEmpty()
                && account.length() <= Passwords.LONGEST_NAME
                && !account.startsWith("#")
                && account.chars().allMatch(c -> c > ' ' && c != 127 && c != ':');
    }

    private static PasswordFileWriter writer(Installation installation) throws IOException {
        return new PasswordFileWriter(file(installation.users().resolve("passwd")));
    }

    /** As root the file is lookup's user's, who reads it; else whoever has it keeps it. */
    static RewrittenFile file(Path file) throws IOException {
        Optional<SystemAccount> lookup =
                SystemAccount.effectiveUid() == 0 ? SystemAccount.named(LookupProgram.USER) : Optional.empty();
        return lookup.map(user -> RewrittenFile.givingTo(file, user.uid(), user.gid()))
                .orElseGet(() -> RewrittenFile.keepingOwner(file));
    }

    private static int remove(String account, PasswordFileWriter writer, Invocation called) throws IOException {
        try {
            if (!writer.remove(account)) {
                called.complain("passwd: users/passwd has no " + LogText.printable(account) + "\n");
                return TROUBLE;
            }
        } catch (IOException e) {
            called.complain("passwd: users/passwd cannot be changed: " + LogText.reason(e) + "\n");
            return TROUBLE;
        }
        return 0;
    }

    private static int set(
            String account, Deed deed, PasswordFileWriter writer, Installation installation, Invocation called)
            throws IOException {
        byte[] password = password(account, called);
        try {
            if (password.length == 0 || password.length > Passwords.LONGEST_PASSWORD) {
                called.complain("passwd: nothing is changed: a password has 1 to " + Passwords.LONGEST_PASSWORD
                        + " octets, and is typed twice alike\n");
                return TROUBLE;
            }
            StoredPassword stored = deed == Deed.SET_FOR_SCRAM
                    ? StoredPassword.createScram(password, ROUNDS, new SecureRandom())
                    : StoredPassword.create(password, new SecureRandom());
            writer.set(account, stored);
        } catch (IllegalArgumentException | IOException e) {
            called.complain("passwd: users/passwd cannot be changed: "
                    + LogText.sentence(String.valueOf(e.getMessage())) + "\n");
            return TROUBLE;
        } finally {
            Arrays.fill(password, (byte) 0);
        }
        return warn(account, installation, called);
    }

    /** From the terminal, typed twice and not shown; or the first line of standard input. Empty if there is none. */
    @SuppressWarnings("SystemConsoleNull") // it is null where there is no terminal, from Java 22 on
    private static byte[] password(String account, Invocation called) throws IOException {
        Console console = System.console();
        if (console == null || !console.isTerminal()) {
            return firstLine(called);
        }
        char[] typed = console.readPassword("Password of %s: ", LogText.printable(account));
        char[] again = console.readPassword("The same again: ");
        byte[] password = typed == null || !Arrays.equals(typed, again) ? new byte[0] : utf8(typed);
        clear(typed);
        clear(again);
        return password;
    }

    private static byte[] utf8(char[] typed) {
        byte[] room = new byte[3 * typed.length];
        ByteBuffer encoded = ByteBuffer.wrap(room);
        var result = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(typed), encoded, true);
        byte[] octets = Arrays.copyOf(room, result.isError() ? 0 : encoded.position());
        Arrays.fill(room, (byte) 0);
        return octets;
    }

    private static void clear(char @org.jspecify.annotations.Nullable [] typed) {
        if (typed != null) {
            Arrays.fill(typed, '\0');
        }
    }

    private static byte[] firstLine(Invocation called) throws IOException {
        byte[] line = new byte[Passwords.LONGEST_PASSWORD + 1];
        int length = 0;
        for (int c = called.in().read();
                c >= 0 && c != '\n' && length < line.length;
                c = called.in().read()) {
            line[length++] = (byte) c;
        }
        byte[] password = Arrays.copyOf(line, length);
        Arrays.fill(line, (byte) 0);
        return password;
    }

    /** Who logs in to an account that gets no mail can send nothing: the administrator hears of it now. */
    private static int warn(String account, Installation installation, Invocation called) throws IOException {
        try (var log = new EventLog(called.err(), EventLog.LogFormat.PLAIN, Clock.systemUTC())) {
            Answer answer = OfflineLookup.use(
                    installation,
                    log,
                    lookup -> account.indexOf('@') >= 0
                            ? lookup.answer(LookupQuestion.explaining(new Address(account)), LookupTrace.NONE)
                            : lookup.account(LookupQuestion.explaining(new Address(account + "@"))));
            if (answer instanceof Answer.NoSuchAddress || answer instanceof Answer.OtherHost) {
                called.complain("passwd: warning: the password is set, but mail for " + LogText.printable(account)
                        + " reaches no account here, so that it has no address to send as; see carteiro explain, and"
                        + " control/loginsenders\n");
            }
        } catch (ControlException e) {
            called.complain("passwd: warning: the password is set, but lookup cannot start: "
                    + String.join("; ", List.copyOf(e.problems())) + "\n");
        }
        return 0;
    }
}

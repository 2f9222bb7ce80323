package carteiro.start;

import carteiro.control.ChosenHome;
import carteiro.protocol.Control;
import carteiro.protocol.Control.ControlVerb;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** What the command line asks for. */
sealed interface StartCommand {
    /** The option of init for this host's name. */
    String ME = "--me";

    /** The option of init for a domain, beside the host's own name, whose mail is for this host. */
    String DOMAIN = "--domain";

    /** The option of init for the default delivery. */
    String DELIVERY = "--delivery";

    /** A name that a program can have, or a host can. */
    Pattern PROGRAM = Pattern.compile("[a-z][a-z0-9-]{0,30}");

    /** Every program; {@code split} tells whether each gets a process. */
    record RunAll(Path home, ProcessModel form) implements StartCommand {}

    /** One program in the foreground. */
    record RunOne(String program, Path home, Parent parent) implements StartCommand {}

    /** A question to what runs. */
    record Ask(ControlVerb verb, String program, Path home) implements StartCommand {}

    /** The first control files. {@code domain}, {@code delivery}: the further domain and the default delivery, if said. */
    record InitHome(Path home, String me, Optional<String> domain, Optional<String> delivery, Users users)
            implements StartCommand {}

    /** Not understood. */
    record UsageError(String reason) implements StartCommand {}

    /** The two forms of running. */
    enum ProcessModel {
        /** Every program in this process. */
        TOGETHER,
        /** Every program in a process of its own, under its own user when root starts it. */
        SPLIT
    }

    /** Who watches a single program. */
    enum Parent {
        /** A supervisor of the system, or a person: signals are for us. */
        SYSTEM,
        /** Our own start: it speaks by the control socket, and the end of our standard input is the end of it. */
        START
    }

    /** Whether init makes accounts of the system. */
    enum Users {
        /** Those that exist are used. */
        KEEP,
        /** Those that are missing are made. */
        CREATE
    }

    /** Understands a command line. */
    static StartCommand parse(List<String> arguments, Map<String, String> environment) {
        if (arguments.isEmpty()) {
            return new UsageError(
                    "say run, init, status, start, stop, restart, reload, alarm, or the name of a program");
        }
        String word = arguments.getFirst();
        ChosenHome chosen = ChosenHome.of(arguments.subList(1, arguments.size()), environment);
        if (!chosen.problem().isEmpty()) {
            return new UsageError(chosen.problem());
        }
        List<String> rest = chosen.rest();
        var values = new HashMap<String, String>(); // of --me, --domain and --delivery
        var options = new ArrayList<String>();
        var names = new ArrayList<String>();
        for (int i = 0; i < rest.size(); i++) {
            String argument = rest.get(i);
            int equals = argument.indexOf('=');
            String name = equals < 0 ? argument : argument.substring(0, equals);
            if (name.equals(ME) || name.equals(DOMAIN) || name.equals(DELIVERY)) {
                if (equals < 0 && ++i == rest.size()) {
                    return new UsageError(argument + " wants a value after it");
                }
                values.put(name, equals < 0 ? rest.get(i) : argument.substring(equals + 1));
            } else {
                (argument.startsWith("-") ? options : names).add(argument);
            }
        }
        return command(word, chosen.installation().home(), values, options, names);
    }

    private static StartCommand command(
            String word, Path home, Map<String, String> values, List<String> options, List<String> names) {
        List<String> known = switch (word) {
            case "run" -> List.of("--split");
            case "init" -> List.of("--create-users");
            case "status", "start", "stop", "restart", "reload", "alarm", "now" -> List.<String>of();
            default -> List.of("--child");
        };
        if (!word.equals("init") && !values.isEmpty()) {
            return new UsageError(word + " has no option " + String.join(", ", values.keySet()));
        }
        for (String option : options) {
            if (!known.contains(option)) {
                return new UsageError(word + " has no option " + option);
            }
        }
        for (String name : names) {
            if (!PROGRAM.matcher(name).matches()) {
                return new UsageError("\"" + name + "\" is no name of a program");
            }
        }
        return switch (word) {
            case "run" ->
                names.isEmpty()
                        ? new RunAll(home, options.isEmpty() ? ProcessModel.TOGETHER : ProcessModel.SPLIT)
                        : new UsageError(
                                "run takes no names; one program alone is run by: carteiro " + names.getFirst());
            case "init" -> {
                String me = values.getOrDefault(ME, "");
                if (!names.isEmpty() || me.isEmpty()) {
                    yield new UsageError(
                            "usage: carteiro init --home DIR --me HOST [--domain DOMAIN] [--delivery INSTRUCTIONS]"
                                    + " [--create-users]");
                }
                yield new InitHome(
                        home,
                        me,
                        Optional.ofNullable(values.get(DOMAIN)),
                        Optional.ofNullable(values.get(DELIVERY)),
                        options.isEmpty() ? Users.KEEP : Users.CREATE);
            }
            case "status", "start", "stop", "restart", "reload", "alarm", "now" ->
                names.size() > 1
                        ? new UsageError(word + " takes one program, or none for all")
                        : new Ask(
                                word.equals("now")
                                        ? ControlVerb.ALARM
                                        : ControlVerb.valueOf(word.toUpperCase(Locale.ROOT)),
                                names.isEmpty() ? Control.ALL : names.getFirst(),
                                home);
            default ->
                !names.isEmpty() || !PROGRAM.matcher(word).matches()
                        ? new UsageError("\"" + word + "\" with further names means nothing here")
                        : new RunOne(word, home, options.isEmpty() ? Parent.SYSTEM : Parent.START);
        };
    }
}

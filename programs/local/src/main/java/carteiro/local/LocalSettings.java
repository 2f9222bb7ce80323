package carteiro.local;

import carteiro.control.ControlException;
import carteiro.control.ControlFiles;
import carteiro.control.Installation;
import carteiro.control.Settings;
import carteiro.posix.PassedVariables;
import java.util.HashSet;
import java.util.List;

/**
 * What local reads from control files.
 *
 * @param defaultDelivery what is done for an account without a {@code .qmail} file
 * @param shares how many deliveries one user may have at once, and how many there may be with programs
 * @param passed the variables of whoever started us that users' programs get
 */
record LocalSettings(List<Instruction> defaultDelivery, PassedVariables passed, DeliveryLimiter.DeliveryLimits shares) {
    /** Copies the list. */
    LocalSettings {
        defaultDelivery = List.copyOf(defaultDelivery);
    }

    static LocalSettings read(Installation installation) throws ControlException {
        var files = new ControlFiles(installation);
        String text = files.get(Settings.DEFAULTDELIVERY);
        List<Instruction> instructions = List.of();
        switch (Instruction.parse(text)) {
            case Instruction.ParsedInstructions.Instructions(var list) -> {
                instructions = list;
                if (list.isEmpty()) {
                    files.problem(
                            Settings.DEFAULTDELIVERY,
                            0,
                            "has no instruction, so mail would vanish; write ./Maildir/ or remove the file");
                }
            }
            case Instruction.ParsedInstructions.Mistake(int line, String mistake) ->
                files.problem(
                        Settings.DEFAULTDELIVERY,
                        line,
                        mistake + "; write what a .qmail file may hold, such as ./Maildir/");
        }
        var passed = new HashSet<String>();
        files.numbered(Settings.PROGRAMVARIABLES).forEach((line, name) -> {
            if (!PassedVariables.isName(name)) {
                files.problem(
                        Settings.PROGRAMVARIABLES,
                        line,
                        "\"" + name + "\" is no name of a variable; write the name alone, without its value, such as"
                                + " SITE or SITE_*");
            } else if (name.startsWith("CARTEIRO_")) {
                files.problem(Settings.PROGRAMVARIABLES, line, "\"" + name + "\" is never passed on; remove the line");
            }
            passed.add(name);
        });
        int concurrency = files.get(Settings.CONCURRENCYLOCAL);
        int perUser = files.get(Settings.CONCURRENCYPERUSER);
        files.check();
        return new LocalSettings(
                instructions,
                PassedVariables.STANDARD.and(passed),
                DeliveryLimiter.DeliveryLimits.of(concurrency, perUser));
    }
}

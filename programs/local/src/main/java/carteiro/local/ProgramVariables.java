package carteiro.local;

import carteiro.mail.Address;
import carteiro.mail.DotQmailName;
import carteiro.protocol.Lookup.Answer.Account;
import java.util.HashMap;
import java.util.Map;

/** The variables by which a program learns whom it works for (docs/programs/dot-qmail.md). Octets, from strangers. */
final class ProgramVariables {
    private ProgramVariables() {}

    /**
     * All of them.
     *
     * @param found the file that held the instructions: DEFAULT is set if its name says default
     * @param fromLine the From_ line with its LF
     */
    static Map<String, String> of(
            Addressing addressing, Account account, Address newSender, DotQmailName found, String fromLine) {
        var variables = new HashMap<String, String>();
        variables.put("SENDER", addressing.sender().octets());
        variables.put("NEWSENDER", newSender.octets());
        variables.put("RECIPIENT", addressing.recipient());
        variables.put("USER", account.identity().user());
        variables.put("HOME", account.home().folder());
        variables.put("LOCAL", addressing.local());
        variables.put("DTLINE", addressing.deliveredTo());
        variables.put("RPLINE", addressing.returnPath());
        variables.put("UFLINE", fromLine);
        String host = addressing.host();
        String extension = account.home().extension();
        variables.put("HOST", host);
        variables.put("EXT", extension);
        for (int i = 2; i <= 4; i++) {
            host = withoutLastLabel(host);
            extension = afterHyphen(extension);
            variables.put("HOST" + i, host);
            variables.put("EXT" + i, extension);
        }
        switch (found.kind()) {
            case DEFAULT -> variables.put("DEFAULT", found.defaultPart());
            case EXACT -> {}
        }
        return variables;
    }

    private static String withoutLastLabel(String host) {
        int dot = host.lastIndexOf('.');
        return dot < 0 ? host : host.substring(0, dot);
    }

    private static String afterHyphen(String extension) {
        int hyphen = extension.indexOf('-');
        return hyphen < 0 ? "" : extension.substring(hyphen + 1);
    }
}

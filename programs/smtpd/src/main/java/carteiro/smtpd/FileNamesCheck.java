package carteiro.smtpd;

import carteiro.mail.Envelope.AddressForm;

/** SMTPUTF8 is taken only where addresses beyond ASCII can become names of files. */
final class FileNamesCheck implements PolicyCheck {
    private static final Verdict FIT =
            new Verdict.GoOn(PolicyRule.FILE_NAMES, "file names here can hold the addresses");
    private static final Verdict UNFIT = new Verdict.Refuse(
            PolicyRule.FILE_NAMES.reply(555, "5.5.4 parameter not known here"), "file names here are not UTF-8");

    private final AddressForm widest;

    FileNamesCheck(AddressForm widest) {
        this.widest = widest;
    }

    @Override
    public PolicyRule rule() {
        return PolicyRule.FILE_NAMES;
    }

    @Override
    public String setting(Peer peer) {
        return widest == AddressForm.ASCII ? "they are ASCII" : "they are UTF-8";
    }

    @Override
    public Verdict judge(Peer peer, TransactionView transaction, LookupRequest lookup) {
        return transaction.form() == AddressForm.SMTPUTF8 && widest == AddressForm.ASCII ? UNFIT : FIT;
    }
}

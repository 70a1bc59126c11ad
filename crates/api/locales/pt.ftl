success = Operação concluída com sucesso
requested = Solicitação concluída com sucesso

# Answers that are not a success.
session-invalid = Sua sessão expirou, faça login novamente
not-verified = Conclua primeiro a verificação de identidade da sua conta
parameters-invalid = Alguns parâmetros são inválidos
json-malformed = O corpo da requisição não é um JSON válido
json-too-deep = O JSON do corpo da requisição tem níveis demais
json-no-object = O JSON do corpo da requisição deve ser um objeto
multipart-malformed = O corpo da requisição não é um formulário multipart válido
parameters-too-many = Há parâmetros demais
suspended = Sua conta está suspensa, entre em contato com o suporte
login-wrong = O e-mail ou a senha está incorreto
accounts-too-many = Você pode ter no máximo { $most ->
    [one] { $most } conta de proxy
    [many] { $most } de contas de proxy
   *[other] { $most } contas de proxy
}
sources-too-many = Sua lista de permissões pode conter no máximo { $most ->
    [one] { $most } endereço
    [many] { $most } de endereços
   *[other] { $most } endereços
}
no-such-account = Não existe conta de proxy com o nome { $name }
no-such-source = O endereço { $address } não está na sua lista de permissões
key-reused = Esta Idempotency-Key já foi usada em outra requisição
key-under-way = A requisição com esta Idempotency-Key ainda está em andamento, tente novamente em instantes
name-taken = O nome de conta de proxy { $name } já está em uso
route-unknown = Esta interface não existe
method-not-allowed = Esta interface não pode ser chamada com este método
body-broken = O corpo da requisição foi interrompido
body-late = O corpo da requisição não chegou a tempo
body-too-large = O corpo da requisição é maior que { $bytes ->
    [one] { $bytes } byte
    [many] { $bytes } de bytes
   *[other] { $bytes } bytes
}
media-unsupported = Envie o corpo como JSON, como formulário codificado em URL ou como formulário multipart, em UTF-8 e sem compressão
login-too-often = Tentativas de login em excesso, tente novamente em { $seconds ->
    [one] { $seconds } segundo
    [many] { $seconds } de segundos
   *[other] { $seconds } segundos
}
streams-too-many = Há transmissões ao vivo demais abertas
internal = Ocorreu um erro do nosso lado
unavailable = O serviço está ocupado, tente novamente em instantes

# What is wrong with a parameter.
field-required = é obrigatório
field-not-text = deve ser um texto
field-not-whole = deve ser um número inteiro
field-out-of-range = deve estar entre { $lowest } e { $highest }
field-repeated = foi informado mais de uma vez com valores diferentes
field-name-empty = não pode ficar vazio
field-name-too-long = não pode ter mais de { $longest ->
    [one] { $longest } caractere
    [many] { $longest } de caracteres
   *[other] { $longest } caracteres
}
field-name-character = só pode conter as letras de A a Z e de a a z e os dígitos de 0 a 9
field-item-name = item { $place }, nome: { $problem }
field-item-password = item { $place }, senha: { $problem }
field-item-without-password = item { $place }: escreva como nome:senha
field-name-twice = o nome { $name } aparece duas vezes
field-too-many-items = não pode conter mais de { $most ->
    [one] { $most } item
    [many] { $most } de itens
   *[other] { $most } itens
}
field-no-items = deve conter pelo menos um item
field-remark-too-wide = não pode ter mais de 32 caracteres chineses ou 64 caracteres latinos
field-remark-control = não pode conter caracteres de controle
field-product-type-unknown = não é um tipo de produto
field-product-type-accounts = deve ser 9, 11, 14 ou 25
field-product-type-summary = deve ser 9 ou 12
field-time-form = deve ter o formato AAAA-MM-DD HH:MM:SS ou AAAA-MM-DD
field-time-missing = é um horário que não existe
field-window-backwards = não pode ser anterior a start_time
field-window-too-long = não pode formar um período de mais de { $days ->
    [one] { $days } dia
    [many] { $days } de dias
   *[other] { $days } dias
}
field-not-boolean = deve ser true ou false, ou 1 ou 0
field-password-length = deve ter de 6 a 16 caracteres
field-item-no-address = item { $place }: não é um endereço IPv4 nem IPv6
field-item-no-source = item { $place }: ninguém pode se conectar a partir de { $address }
field-item-special-address = item { $place }: { $address } é um endereço privado ou de uso especial
field-unit-unknown = deve ser KB, MB, GB, TB ou PB
field-cursor-unknown = deve ser o id de um evento
field-wait-unknown = deve ser applied
field-idempotency-key = deve ser informado uma única vez e ter de 1 a 255 caracteres ASCII visíveis
field-not-amount = deve ser um valor acima de 0 com no máximo duas casas decimais
field-item-no-number = item { $place }: deve ser um número inteiro a partir de 1
field-number-twice = o número { $number } aparece duas vezes
field-item-no-region = item { $place }: escreva o país e a quantidade, por exemplo US,2
field-duration-form = deve ser um número de 1 a 36 meses, ou em para o fim do mês
field-coupon-form = deve ter de 4 a 32 letras, algarismos e hífenes
field-status-unknown = deve ser 0 (aguardando pagamento), 1 (pago), 2 (fechado) ou 3 (reembolsado)
field-country-form = Deve ser um código de país de duas letras, como US
field-product-type-static = Deve ser 14 ou 25
field-static-ip-type = Indica um IP estático que este produto não renova
field-renewal-too-short = É curta demais: o IP estático já teria expirado mesmo assim
field-one-target = Informe upid ou package_id, apenas um

# The shop.
no-such-product = Este produto não existe
no-such-order = Este pedido não existe
no-such-payment-method = Esta forma de pagamento não existe
no-such-coupon = Este cupom não existe
no-such-article = Este artigo não existe
coupon-too-often = Cupons inexistentes em excesso, tente novamente em { $seconds ->
    [one] { $seconds } segundo
    [many] { $seconds } de segundos
   *[other] { $seconds } segundos
}
no-such-static-ip = Não há IP estático com o id { $id }
balance-too-low = Saldo insuficiente, recarregue primeiro
coupon-expired = O cupom expirou
coupon-for-others = O cupom não vale para este produto
coupon-used-up = O cupom se esgotou
coupon-used = Você já usou este cupom
no-invitation = Não há desconto de convite para você
out-of-stock = Não há estoque suficiente
out-of-stock-in = Não há IPs estáticos suficientes em { $country }
no-such-package = Não existe pacote com o id { $id }
no-ip-changes = Não restam trocas de IP, compre mais primeiro
static-ip-expired = O IP estático expirou, renove-o primeiro
static-ip-renewed = O IP estático foi renovado entretanto, faça o pedido novamente
not-renewable = Isto não pode ser comprado de novo automaticamente
order-not-awaiting = O pedido não está aguardando pagamento
payment-method-unusable = Esta forma de pagamento não serve para este valor
field-not-sold = é de um tipo que não é vendido aqui
field-regions-missing = deve dizer quantos em qual país, por exemplo JP,2|US,1, somando amount
field-country-not-sold = não é vendido em { $country }
field-held-elsewhere = deve ser { $country }, onde está o IP estático
field-renewals-missing = deve indicar os IPs estáticos a renovar, tantos quanto amount
field-part-unknown = deve ser uma das opções do produto
field-not-paid-short = deve ser o id de um pedido pago a menos
field-never-reduced = não pode ser usado para este produto
field-too-much = passa do valor que pode ser pedido

# Extraction.
source-not-listed = Adicione primeiro o IP { $address } à lista de permissões
no-traffic = Não resta tráfego utilizável, compre mais primeiro
place-not-served = Nenhuma saída atende esse lugar
no-free-port = Nenhuma porta está livre para si agora
extract-too-often = Os endpoints são extraídos com demasiada frequência, tente novamente em { $seconds ->
    [one] { $seconds } segundo
    [many] { $seconds } de segundos
   *[other] { $seconds } segundos
}
entry-unserved = Nenhum gateway atende esta entrada agora, tente novamente daqui a pouco
field-place-form = deve ser um nome de no máximo 64 caracteres
field-format-unknown = deve ser json, 2, txt, text ou 1
field-separator-too-long = não pode ter mais de 16 caracteres

# Why connections failed, and what to do.
activity-bad-request = Não foi possível ler o pedido sem dúvidas. Envie HTTP/1.1 ou SOCKS5 válido
activity-bad-login = Um parâmetro no nome de usuário tem um valor inválido. Corrija-o
activity-account-disabled = A conta está desativada. Ative-a para usá-la
activity-customer-suspended = Você está suspenso. Fale com o operador
activity-customer-unverified = Você ainda não foi verificado. Conclua a verificação primeiro
activity-endpoint-ended = O tempo do endpoint terminou. Extraia outro
activity-too-many-tunnels = Havia tantas conexões abertas quanto você pode ter. Feche algumas primeiro
activity-too-many-connections = As conexões foram abertas rápido demais. Abra menos por segundo
activity-place-not-served = Nenhuma saída atende esse lugar. Escolha outro ou não o indique
activity-no-exit = Nenhuma saída ali pôde aceitar a conexão. Tente mais tarde ou escolha outro lugar
activity-static-ip-not-held = Nenhum dos seus IPs estáticos em uso serve. Verifique _ip-, o vencimento e o lugar no nome de usuário
activity-target-denied = Este destino não é permitido aqui. Escolha outro endereço ou porta
activity-exit-denies-target = A saída não se conecta a este destino. Escolha outro lugar ou sessão
activity-exit-failed = A saída falhou antes de chegar ao destino. Tente de novo
activity-exit-timed-out = A saída não respondeu a tempo. Tente de novo
activity-exit-lost = A saída ficou fora de serviço com o túnel aberto. Conecte-se de novo
activity-limit-reached = O limite de tráfego da conta acabou. Aumente o limite
activity-daily-limit-reached = O limite diário da conta acabou. Aumente-o ou espere até amanhã
activity-no-traffic = Nenhum pacote tem tráfego restante. Compre tráfego
activity-contended = O tráfego restante estava ocupado por outras conexões. Tente de novo em instantes
activity-stale = O gateway perdeu o contato com o armazenamento. Tente de novo ou fale com o operador
activity-draining = O gateway estava sendo desligado. Conecte-se de novo
activity-overloaded = O gateway estava no limite. Tente de novo em instantes
activity-no-such-name = O nome do destino não tem endereço. Verifique a grafia
activity-dns-failed = Não foi possível resolver o nome do destino. Tente mais tarde
activity-dns-timed-out = O nome do destino não foi resolvido a tempo. Tente mais tarde
activity-connect-refused = O destino recusou a conexão. Verifique a porta e se ele está no ar
activity-unreachable = Não há caminho até o destino. Verifique o endereço ou escolha outra saída
activity-connect-timed-out = O destino não respondeu a tempo. Verifique se ele está no ar ou escolha outra saída
activity-connect-failed = A conexão com o destino falhou. Tente de novo
activity-origin-failed = O destino fechou a conexão antes de responder. Tente de novo ou por outra saída
activity-origin-timed-out = O destino recebeu o pedido, mas não respondeu a tempo. Tente mais tarde
activity-origin-broken = A resposta do destino não é HTTP/1.1 válido. Use um túnel (CONNECT)
activity-broken-off = O destino interrompeu a conexão. Continue de onde ela parou
activity-stalled = Nada pôde ser entregue por tempo demais. Verifique se o seu cliente lê o que pediu
activity-revoked = A conexão foi encerrada porque a conta, a senha ou os direitos mudaram, ou pelo operador. Entre de novo
activity-suppressed = Houve mais falhas em um minuto do que se guardam uma a uma. Vá mais devagar e veja as anteriores
field-reason-unknown = deve ser uma das palavras que a lista mostra
field-login-form = deve ser um nome de usuário com seus parâmetros, como user01_area-US
field-target-form = deve ser um host e uma porta, como example.com:443
field-protocol-unknown = deve ser http, connect ou socks5
